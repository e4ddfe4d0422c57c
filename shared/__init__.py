"""The packages that more than one service uses: the kit, the territory, the periods, the reporting engine."""
