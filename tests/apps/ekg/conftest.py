"""What tests of several rooms of the EKG use."""

from __future__ import annotations

import pytest
import torch

from apps.ekg.network.ensemble import Ensemble


@pytest.fixture(scope="module")
def network() -> Ensemble:
    torch.manual_seed(0)
    ensemble = Ensemble(1).eval().requires_grad_(False)
    ensemble.bias[0] = 3.0  # untrained, it calls nearly all beats N
    return ensemble
