"""How long answers take, learned from those that have ended. Pure; durations are in seconds."""

from dataclasses import dataclass

TYPICAL = 18.0  # seconds that an answer is held to take until some have ended; 350 words at a model's usual speed
LEARNING = 0.25  # weight of the newest answer: four or five of another kind are enough to be believed
LEAST_DOUBT = 0.3  # however alike answers were


@dataclass(slots=True)
class Durations:
    """What is typical, and by how much answers differ from it; both are exponential averages."""

    typical: float = TYPICAL
    _surprise: float = TYPICAL

    @property
    def doubt(self) -> float:
        """How little can be built upon what is typical, from `LEAST_DOUBT` to 1, which it is until some have ended."""
        return min(1.0, max(LEAST_DOUBT, self._surprise / self.typical))

    def learn(self, seconds: float) -> None:
        """Note how long an answer took, from its placeholder to its last text."""
        surprise = seconds - self.typical
        self.typical += LEARNING * surprise
        self._surprise += LEARNING * (abs(surprise) - self._surprise)
