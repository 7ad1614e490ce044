"""Boost trees on scikit-learn's diabetes data; wandb's own callback logs."""

from __future__ import annotations

import wandb
import xgboost as xgb
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from wandb.integration.xgboost import WandbCallback

params = {"objective": "reg:squarederror", "eta": 0.1, "max_depth": 3}
features, target = load_diabetes(return_X_y=True)
x_train, x_val, y_train, y_val = train_test_split(features, target, random_state=1)

run = wandb.init(project="examples", name="boosted trees", config={**params, "rounds": 60})
xgb.train(
    params,
    xgb.DMatrix(x_train, y_train),
    num_boost_round=run.config.rounds,
    evals=[(xgb.DMatrix(x_val, y_val), "validation")],
    callbacks=[WandbCallback(log_model=False, importance_type="gain")],
    early_stopping_rounds=10,
    verbose_eval=False,
)
run.finish()
