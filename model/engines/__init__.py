NAMES = ("cohort", "individual", "queueing")
