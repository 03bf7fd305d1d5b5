from torch import nn


class TauId(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(15, 24), nn.ReLU(), nn.Linear(24, 2))
