"""What more than one service stands on: the kit, the territory, the periods, the reporting engine."""
