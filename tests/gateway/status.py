"""Reading a status answer in tests."""

import httpx

STATUS = "/v1/status?period=2023"


def states(answer: httpx.Response) -> dict[str, str]:
    said = answer.json()
    found = {part["program"]: part["state"] for part in said["programs"]}
    return {**found, "funding": said["funding"]["state"]}


ALL_FRESH = dict.fromkeys(("rural", "poverty", "ethnic", "funding"), "fresh")


def values(answer: httpx.Response) -> set[float]:
    return {figure["value"] for part in answer.json()["programs"] for figure in part["figures"]}
