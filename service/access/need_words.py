"""Whether access keeps up with need, in plain sentences; the methods' own names stand in brackets behind."""

from __future__ import annotations

from typing import Any

from service.pages.wording import fixed

STEPS = {
    "nearest": ("the way gets {} minutes {}", "shorter", "longer"),
    "within": ("there are {} {} sites within {minutes} minutes", "fewer", "more"),
    "shared": ("there is {} {} in reach for each 1,000 people", "less", "more"),
}
WAY = {
    ("nearest", "better"): "the way is shorter where need is greater",
    ("nearest", "worse"): "the way is longer where need is greater",
    ("within", "better"): "there are more sites within {minutes} minutes where need is greater",
    ("within", "worse"): "there are fewer sites within {minutes} minutes where need is greater",
    ("shared", "better"): "there is more in reach for each person where need is greater",
    ("shared", "worse"): "there is less in reach for each person where need is greater",
}
UNCERTAIN = {
    "nearest": "the way is longer or shorter",
    "within": "there are more or fewer sites within {minutes} minutes",
    "shared": "there is more or less in reach for each person",
}
FAR = 0.05  # share of people within T below which a service is far from nearly everybody
TAKEN = {
    "e2sfca": "Now share out what is in reach among everyone who reaches it, near sites counting more.",
    "2sfca": "Now share out what is in reach within {minutes} minutes among everyone who reaches it.",
    "within": "Now count the sites within {minutes} minutes.",
}
METHODS = {"e2sfca": "E2SFCA", "2sfca": "2SFCA", "within": "number of sites"}
KEEPS_UP = {
    "too flat": "There is then more in reach where need is greater, but not by as much as need is greater.",
    "proportionate": "What is in reach then rises with need about as much as need does, as far as these figures tell.",
    "steeper than need": "What is in reach then rises with need, and by more than need does.",
    "inverse care": "There is then less in reach where need is greater.",
}
PERHAPS = "There is then less in reach where need is greater, but this is not certain."
BETTER_YET_FLAT = (
    "There is then more in reach where need is greater, but not by as much as need is greater: access is better there, "
    "yet not by enough to match the need."
)
NO_LINE = (
    "How many times as much is in reach where need is greatest cannot be said: at one end of the line there is next to "
    "nothing."
)


def direction_words(answer: dict[str, Any]) -> str:
    """Say in one sentence whether access is better or worse where need is greater, and whether it is far for all."""
    request = answer["request"]
    kind = _kind(answer)
    if answer["slope"] is None:
        return f"Whether access follows need cannot be said: {answer['slope_problem']}."
    if answer["direction"] == "unclear":
        said = UNCERTAIN[kind].format(minutes=request["minutes"])
        return f"Whether {said} where need is greater is not certain from these figures."
    said = WAY[kind, answer["direction"]].format(minutes=request["minutes"])
    if _far(answer):
        return f"{said[:1].upper()}{said[1:]}, but one is far from nearly everybody."
    there = said.replace("where need is greater", "there")
    return f"Access is {answer['direction']} where need is greater: {there}."


def need_sentences(answer: dict[str, Any]) -> list[str]:
    """Say how the measure runs from least to greatest need, and whether what is in reach keeps up with need."""
    return [*_line_words(answer), *_keeps_up(answer)]


def _far(answer: dict[str, Any]) -> bool:
    share = answer["everyone"]["share_within"]
    return share is not None and share < FAR


def _kind(answer: dict[str, Any]) -> str:
    measure = str(answer["measure"]["id"])
    return measure if measure in ("nearest", "within") else "shared"


def _line_words(answer: dict[str, Any]) -> list[str]:
    """Say from where to where the line through the neighbourhoods runs, and how sure that is."""
    slope, kind = answer["slope"], _kind(answer)
    if slope is None:
        return [f"No line can be drawn through the neighbourhoods: {answer['slope_problem']}."]
    decimals = 3 if kind == "shared" else 1
    said, less, more = STEPS[kind]
    way = less if slope["sii"] < 0 else more
    step = said.format(fixed(abs(slope["sii"]), decimals), way, minutes=answer["request"]["minutes"])
    first, last = slope["intercept"], slope["intercept"] + slope["sii"]
    ends = f", from {fixed(first, decimals)} to {fixed(last, decimals)}" if min(first, last) >= 0 else ""
    limits = _limits(slope, less, more, decimals)
    return [
        f"From where need is least to where it is greatest {step}{ends} ({limits}). That is on a line drawn through "
        "the neighbourhoods, whose step is called the slope index of inequality."
    ]


def _limits(slope: dict[str, Any], less: str, more: str, decimals: int) -> str:
    """Write the limits of a step by size, each with its way where they are on both sides of 0."""
    low, high = slope["sii_lower"], slope["sii_upper"]
    if low is None:
        return "without limits"
    near, far = sorted((low, high), key=abs)
    ends = [fixed(abs(end), decimals) for end in (near, far)]
    if low * high > 0:
        return f"95% limits: {ends[0]} to {ends[1]}"
    ways = [less if end < 0 else more for end in (near, far)]
    return f"95% limits: {ends[0]} {ways[0]} to {ends[1]} {ways[1]}"


def _keeps_up(answer: dict[str, Any]) -> list[str]:
    """Say whether what is in reach rises with need as much as an outcome does."""
    held = answer["proportionality"]
    name, verdict = held["outcome_name"], held["verdict"]
    if not name:
        return [held["words"]]
    taken = TAKEN[held["resource"]].format(minutes=answer["request"]["minutes"])
    called = f"{METHODS[held['resource']]}, proportionality ratio"
    by_fifths = "" if held["fifths"] is None else f"; by need fifths {held['fifths']:.2f}"
    if verdict:
        said = PERHAPS if verdict == "inverse care" and held["unsure"] else KEEPS_UP[verdict]
        if verdict == "too flat" and answer["direction"] == "better":
            said = BETTER_YET_FLAT
        return [
            f"{taken} {said} At the end of greatest need there is {held['resource_times']:.2f} times as much in reach "
            f"as at the end of least need, and {held['outcome_times']:.2f} times as much of “{name}” ({called} "
            f"{held['ratio']:.2f}, 95% limits {held['lower']:.2f} to {held['upper']:.2f}, “{verdict}”; 1 would be in "
            "step with need)."
        ]
    if held["basis"] is None:
        return [f"Whether what is in reach keeps up with need cannot be said. {held['words']}"]
    if held["resource_times"] is None:
        return [f"{taken} {NO_LINE} ({called}: none{by_fifths}.)"]
    why = f"it is not certain that there is more of “{name}” where need is greater"
    if held["outcome_times"] is None:
        why = f"the line of “{name}” comes near 0 at one end"
    return [f"Whether what is in reach keeps up with need cannot be said: {why}. ({called}: none{by_fifths}.)"]
