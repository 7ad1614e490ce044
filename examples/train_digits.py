"""Train a small network on scikit-learn's handwritten digits and log it to Runbell, step by step.

    RUNBELL_API_KEY=... python examples/train_digits.py --project demo/playground
    RUNBELL_API_KEY=... python examples/train_digits.py --project demo/playground --diverge

With --diverge a "warm restart" at step 40 sets a learning rate far too high: the loss really becomes NaN, and the
run really fails.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import numpy
import requests
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

RESTART_STEP, RESTART_RATE = 40, 100.0


class Runbell:
    """One run, over REST: start, log, finish."""

    def __init__(self, url: str, project: str, key: str) -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        self.runs = f"{url}/api/v1/projects/{project}/runs"
        self.offset = 0

    def start(self, **details: object) -> None:
        self.run = f"{self.runs}/{self._post(self.runs, details)['name']}"

    def log(self, row: dict[str, float]) -> None:
        self._post(f"{self.run}/history", {"offset": self.offset, "rows": [row]})
        self.offset += 1

    def finish(self, exit_code: int) -> None:
        self._post(f"{self.run}/finish", {"exit_code": exit_code})

    def _post(self, url: str, body: dict[str, object]) -> dict[str, object]:
        # Python's json writes NaN as NaN, which requests' own json= refuses.
        text = json.dumps(body)
        answer = self.session.post(url, data=text, headers={"Content-Type": "application/json"}, timeout=30)
        answer.raise_for_status()
        return answer.json()


class Network:
    """Two layers and a softmax, trained by plain gradient descent."""

    def __init__(self, hidden: int, seed: int) -> None:
        random = numpy.random.default_rng(seed)
        self.first = random.normal(0, 0.2, (64, hidden))
        self.second = random.normal(0, 0.2, (hidden, 10))

    def step(self, x: numpy.ndarray, y: numpy.ndarray, rate: float) -> float:
        """Learn from one batch; give its loss."""
        hidden = numpy.maximum(x @ self.first, 0)
        scores = numpy.exp(hidden @ self.second)
        chances = scores / scores.sum(axis=1, keepdims=True)
        loss = -numpy.log(chances[numpy.arange(len(y)), y]).mean()
        slope = (chances - numpy.eye(10)[y]) / len(y)
        back = (slope @ self.second.T) * (hidden > 0)
        self.second -= rate * hidden.T @ slope
        self.first -= rate * x.T @ back
        return float(loss)

    def accuracy(self, x: numpy.ndarray, y: numpy.ndarray) -> float:
        guesses = (numpy.maximum(x @ self.first, 0) @ self.second).argmax(axis=1)
        return float((guesses == y).mean())


def main() -> int:
    options = _options()
    digits = load_digits()
    x_train, x_test, y_train, y_test = train_test_split(digits.data / 16.0, digits.target, random_state=options.seed)
    run = Runbell(options.url.rstrip("/"), options.project, os.environ["RUNBELL_API_KEY"])
    run.start(
        display_name=options.name,
        config={"learning_rate": options.rate, "hidden": options.hidden, "seed": options.seed},
    )
    network, random = Network(options.hidden, options.seed), numpy.random.default_rng(options.seed)
    numpy.seterr(all="ignore")
    for step in range(options.steps):
        batch = random.choice(len(x_train), 64, replace=False)
        rate = RESTART_RATE if options.diverge and step >= RESTART_STEP else options.rate
        loss = network.step(x_train[batch], y_train[batch], rate)
        run.log({"_step": step, "loss": loss, "accuracy": network.accuracy(x_test, y_test)})
        if numpy.isnan(loss):
            print(f"step {step}: the loss is NaN; giving up", file=sys.stderr)
            run.finish(exit_code=1)
            return 1
        time.sleep(options.pause)
    print(f"trained: loss {loss:.3f}, accuracy {network.accuracy(x_test, y_test):.3f}")
    run.finish(exit_code=0)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("RUNBELL_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--project", default="demo/playground", help="team/project")
    parser.add_argument("--name", default="digits")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between steps")
    parser.add_argument("--diverge", action="store_true", help="let the loss become NaN")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
