"""Where a cockpit starts; the app's server asks here too, without the models that kernels load."""

from alliance import scenario
from alliance.errors import ScenarioError, did_you_mean
from alliance.scenario import Scenario


def start_of(source: str, hint: bool = True) -> tuple[str, Scenario]:
    """A scenario and its name, from a token (no name) or a name in ``notebooks/scenarios/``.

    Never from a path: a session of the app must not read files, nor learn (``hint``) which exist.
    What is neither is a ScenarioError.
    """
    source = source.strip()
    if source.startswith("a1."):
        return "", scenario.from_token(source)
    if source not in scenario.names():
        near = did_you_mean(source, scenario.names()) if hint else ""
        raise ScenarioError(f"must be a scenario's name or a token, received '{source[:60]}'{near}")
    return scenario.load(source)
