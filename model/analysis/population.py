"""Whom a decision concerns, and what a study of it costs."""

from __future__ import annotations

from dataclasses import dataclass

from model.economics import evsi


@dataclass(frozen=True)
class Population:
    """Whom the decision concerns, and what a study costs. incidence: people a year; discount: annual rate; costs: None where
    they are not known, and then no size of a study is the best."""

    incidence: float
    years: float = 10.0
    discount: float = 0.03
    fixed_cost: float | None = None
    cost_per_patient: float | None = None

    @property
    def size(self) -> float:
        """Discounted number of people."""
        return evsi.population_value(1.0, self.incidence, self.years, self.discount)

    def total(self, per_person):
        """Of all of them, of a value per person: a number or an array."""
        return per_person * self.size

    @property
    def costs(self) -> tuple[float, float] | None:
        """Of a study of any size, and of each patient; None where neither is known."""
        known = self.fixed_cost is not None or self.cost_per_patient is not None
        return (self.fixed_cost or 0.0, self.cost_per_patient or 0.0) if known else None

    def about(self) -> dict[str, object]:
        """What the population value rests on, for the manifest."""
        return {
            "patients_a_year": self.incidence,
            "years_that_the_decision_matters": self.years,
            "discount_rate_of_the_population": self.discount,
            "cost_of_a_study": self.fixed_cost,
            "cost_of_a_patient_studied": self.cost_per_patient,
        }
