"""Examples of the fields that those of the reference page leave out, for editors: of every field there is one in either place."""

MORE = """\
title: Surgery before radiotherapy in metastatic spinal cord compression
description: Two strategies from referral to death, at the prices of one hospital.
perspective: Health service
reference: radiotherapy
study:
  authors: A. Author and B. Author
  abstract: Surgery costs more and lets more patients walk.
  background: Which patients gain enough from surgery was not known.
  analysis plan: none was made
  population: adults with one level of compression
  setting: a tertiary hospital
  comparators: the two treatments in use
  perspective: the payer decides
  horizon: most patients have died by then
  discounting: as the guideline of the country says
  outcomes: days on which patients walk, and deaths after surgery
  measurement of outcomes: in a randomised trial, each month
  valuation of outcomes: EQ-5D, tariff of the country
  costs: resource use of the trial at list prices of 2010
  currency: purchasing power parities of 2010
  model: states that patients recognise; the file comes with the paper
  distributional effects: not weighed
  engagement: two patients read the plan
  effect of engagement: days in hospital were added
  discussion: one small trial; prices of one country
  funding: none
  conflicts of interest: none
wtp: {thresholds: [20000], curve: {from: 0, to: 100000}}
time: {horizon: lifetime}
sources:
  patchell2005: {citation: "Patchell et al., Lancet 2005", doi: 10.1016/S0140-6736(05)66954-1, url: "https://doi.org", page: Table 2, note: abstract only}
parameters:
  c_ward: {label: Ward day, value: 415, unit: USD per day, range: [300, 600], note: list price of 2010}
  a, b: {distribution: empirical(draws.csv), columns: [alpha, beta]}
correlations:
  - {between: [a, b], matrix: [[1, 0.5], [0.5, 1]]}
groups:
  walking: {label: Able to walk, weight: 0.6}
curves:
  os:
    survival: "weibull(shape=1.1, scale=14) in months"
    acceleration factor: 1.2
    plus hazard: "exponential(0.002) in months"
    at least hazard: "life_table(mortality, age=age)"
states:
  ward: {label: On the ward, cost: c_ward, entry cost: {admission: c_admission}, entry qaly: -0.02, holds: bed}
  theatre: {entry cost: c_admission, holds: [theatre, bed]}
  urgent: {holds: {resources: [theatre], priority: 0}}
transitions:
  - {from: ward, to: dead, name: other causes, rate: 0.01 per year, cost: c_death, qaly: -0.01}
  - {from: well, to: ill, probability per cycle: 0.05}
  - from: ill
    to: dead
    survival: "weibull(shape=1.2, scale=14) in months"
    clock: state
    acceleration factor: 1.3
    plus hazard: "exponential(0.002) in months"
    at least hazard: "exponential(0.001) in months"
  - {from: well, to: screened, at: 50 years - age}
  - {from: well, to: screened, at: [50 years - age, 60 years - age]}
effects:
  walking_days: {label: Days walking, time in: {ambulatory: 1, with help: 0.5}, unit: day}
  failures: {entries into: [failed]}
resources:
  theatre: {label: Operating theatre, capacity: 1, open: [Mon-Fri 08:00-18:00, Sat 09:00-12:00], note: one of two theatres}
arrivals: {rate: 3 per week, file: arrivals.csv, cool-down: 60 days, most waiting: 500, note: referrals of 2019}
landmarks: {at: [30 days, 1 year]}
severity: {norms: norms.csv, age: age_at_start, female: sex is female, comparator: radiotherapy}
calibration:
  vary:
    hr: {from: 0.1, to: 10, scale: log, prior: "lognormal(median=1, sdlog=0.3)"}
  published: [survival]
  targets:
    cost: {label: Cost, measure: total, outcome: "cost: surgery", strategy: surgery, group: walking, value: 9000, tolerance: 100, source: patchell2005}
    alive: {measure: occupancy, states: alive, at: 1 year, strategy: surgery, value: 0.3, n: 50}
    icer: {measure: icer, strategy: surgery, comparator: radiotherapy, value: 30000, tolerance: 500}
    chance: {measure: probability cost-effective, strategy: surgery, wtp: 50000, value: 0.7, tolerance: 0.01}
    survival: {measure: median, of: survival, strategy: surgery, value: 126 days, tolerance: 2 days}
published:
  alive: {label: Alive at a year, measure: occupancy, states: alive, at: 1 year, strategy: surgery, group: walking, value: 0.3, standard error: 0.02}
  cost: {measure: total, outcome: cost, strategy: surgery, value: 9000}
  ICER: {measure: icer, strategy: surgery, comparator: radiotherapy, value: 30000}
  chance: {measure: probability cost-effective, strategy: surgery, wtp: 50000, value: 0.7}
  curve: {label: Trial, measure: survival, strategy: surgery, group: walking, file: km.csv, arm: surgery, time unit: month, at risk: km_at_risk.csv, tolerance: 0.1}
"""
OTHERS = """\
perspective: {name: Health service, leave out: [travel]}
time: {horizon: {lifetime: age_at_start}}
calibration: {vary: {}, published: all}
patients:
  file: patients.csv
  unit: {age: year}
  weight_kg: {distribution: "normal(mean=75, sd=12)", at least: 40, at most: 140, unit: number, strata: 5}
states:
  a: {cost: c_ward}
transitions:
  - {from: a, to: b, rate: 0.1 per year}
"""
