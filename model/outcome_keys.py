"""Keys of the outcomes that every scenario has, as files and tables write them."""

COST, QALY, LIFE_YEARS = "cost", "qaly", "life_years"


def cost_of(component: str) -> str:
    """The key of one component of the cost."""
    return f"{COST}: {component}"
