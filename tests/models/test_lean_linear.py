"""Linear layers that were laid out anew answer as before."""

import pytest
import torch
from torch.nn import functional as F

from models.lean_linear import PlainLinear, pack


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_packed_layers_answer_as_before(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weight, rows = torch.randn(48, 32).to(dtype), torch.randn(2, 3, 32)
    wanted = F.linear(rows.to(dtype), weight).float()
    assert torch.allclose(PlainLinear(weight)(rows), wanted, rtol=1e-2 if dtype != torch.float32 else 1e-5, atol=1e-5)
    module = torch.nn.Sequential(torch.nn.Linear(32, 48), torch.nn.Sequential(torch.nn.GELU(), torch.nn.Linear(48, 8)))
    before = module(rows)
    pack(module)
    assert isinstance(module[0], PlainLinear)
    assert torch.allclose(module(rows), before, atol=1e-5)
