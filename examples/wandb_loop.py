"""Fit a line by gradient descent: a plain loop that logs with wandb."""

from __future__ import annotations

import random

import wandb


def main() -> None:
    with wandb.init(project="examples", name="plain loop", config={"lr": 0.05, "epochs": 40}) as run:
        random.seed(7)
        points = [(x, 3 * x + 2 + random.gauss(0, 0.1)) for x in (random.random() for _ in range(200))]
        slope = offset = 0.0
        for epoch in range(run.config["epochs"]):
            for x, y in points:
                error = slope * x + offset - y
                slope -= run.config["lr"] * error * x
                offset -= run.config["lr"] * error
            loss = sum((slope * x + offset - y) ** 2 for x, y in points) / len(points)
            run.log({"epoch": epoch, "loss": loss, "line": {"slope": slope, "offset": offset}})
        run.summary["slope"] = round(slope, 1)
        print(f"y = {slope:.2f} x + {offset:.2f}")


if __name__ == "__main__":
    main()
