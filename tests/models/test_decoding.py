"""How tokens are drawn: as transformers draws them."""

import torch

from models.decoding import choose


def test_rows_whose_likely_tokens_do_not_suffice_are_drawn_from_all_and_others_are_not() -> None:
    torch.manual_seed(0)
    flat, sharp = torch.zeros(1, 5000), torch.zeros(1, 5000)
    sharp[0, 7] = 99.0
    rows = torch.cat([flat, sharp])
    tokens = torch.stack([choose(rows, rows, {"temperature": 1.0, "top_p": 0.9})[0] for _ in range(200)])
    assert set(tokens[:, 1].tolist()) == {7}
    assert len(set(tokens[:, 0].tolist())) > 180, "of 4,500 tokens that are as likely"


def test_tokens_are_drawn_as_often_as_transformers_draws_them() -> None:
    torch.manual_seed(0)
    scores = torch.randn(1, 1000) * 3
    shares = (scores / 0.7).softmax(-1)[0]
    order = shares.argsort(descending=True)
    kept = order[: int((shares[order].cumsum(0) < 0.8).sum()) + 1]
    rows = scores.expand(20_000, -1)
    for top_p, among in ((0.8, kept), (1.0, order)):
        tokens, logprobs = choose(rows, rows, {"temperature": 0.7, "top_p": top_p})
        counts = torch.bincount(tokens, minlength=1000) / len(rows)
        wanted = torch.zeros(1000)
        wanted[among] = shares[among] / shares[among].sum()
        assert not counts[wanted == 0].any()
        assert (counts - wanted).abs().max() < 0.02
        assert torch.allclose(logprobs, scores[0].log_softmax(-1)[tokens])


def test_a_flat_distribution_is_cut_where_top_p_says() -> None:
    torch.manual_seed(0)
    flat = torch.zeros(4000, 600)
    tokens, _ = choose(flat, flat, {"temperature": 1.0, "top_p": 0.5})
    assert 250 < len(set(tokens.tolist())) <= 301
