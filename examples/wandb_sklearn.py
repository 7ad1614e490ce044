"""Classify scikit-learn's digits, an epoch at a time, and log with wandb."""

from __future__ import annotations

import numpy as np
import wandb
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

config = {"alpha": 1e-4, "epochs": 15, "seed": 0}
run = wandb.init(project="examples", name="digits", job_type="train", tags=["sklearn"], config=config)
run.define_metric("val/accuracy", summary="max")

images, labels = load_digits(return_X_y=True)
x_train, x_val, y_train, y_val = train_test_split(images / 16, labels, random_state=run.config.seed)
model = SGDClassifier(loss="log_loss", alpha=run.config.alpha, random_state=run.config.seed)

for epoch in range(run.config.epochs):
    model.partial_fit(x_train, y_train, classes=np.unique(labels))
    chances = model.predict_proba(x_val)
    run.log(
        {
            "epoch": epoch,
            "train/accuracy": model.score(x_train, y_train),
            "val/accuracy": accuracy_score(y_val, chances.argmax(axis=1)),
            "val/loss": log_loss(y_val, chances),
        }
    )

run.finish()
