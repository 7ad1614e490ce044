"""Import of runs from where they were logged before: offline folders of wandb, MLflow, Neptune. Nothing fires."""
