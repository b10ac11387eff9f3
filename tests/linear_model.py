"""A model whose results are linear in every parameter, so that it is solved by hand."""

# One year alive at utility u, then nothing: QALYs u + gain, cost c, so that every result is linear.
LINEAR = """
title: A linear model
time: {unit: year, horizon: 1 year, cycle: 1 year}
wtp: {thresholds: [10000]}
parameters:
  gain: {distribution: "normal(mean=0.1, sd=0.02)", unit: number}
  price: {value: 500, range: [100, 2000], unit: USD}
  share_a, share_b, share_c: {distribution: "dirichlet(20, 30, 50)", unit: probability}
  fixed: {value: 1, unit: number}
strategies:
  old: {u: 0.5, c: 0 * price}
  new: {u: 0.5 + gain * fixed, c: price * (1 + share_c / 5)}
states: {alive: {start: 1, utility: u, entry cost: c}}
transitions: []
"""
