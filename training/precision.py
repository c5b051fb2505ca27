"""The numbers that training multiplies: bfloat16 where the hardware does it, else 32 bits.

A CPU that only emulates bfloat16 takes three hundred times as long for a product of it as for one of 32 bits.
"""

import torch

from models.devices import pick_dtype


def fast_dtype(device: torch.device | str) -> torch.dtype:
    """The type of numbers for products on a device; float16 is never taken, as losses overflow in it."""
    found = pick_dtype(torch.device(device))
    return torch.float32 if found == torch.float16 else found


def fast_products(device: torch.device | str) -> torch.autocast:
    """A context in which products are in `fast_dtype`."""
    kind, dtype = torch.device(device).type, fast_dtype(device)
    return torch.autocast(kind, torch.bfloat16, enabled=dtype == torch.bfloat16)
