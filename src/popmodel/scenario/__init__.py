"""What we ask: a policy question as one YAML file, checked whole and compiled to arrays."""

from popmodel.scenario.load import Checked, check_scenario, load_scenario
from popmodel.scenario.routing import CompiledStrategy, compile_strategies
from popmodel.scenario.schema import Scenario, StructureChoice
from popmodel.scenario.services import CompiledService, compile_services

__all__ = [
    "Checked",
    "CompiledService",
    "CompiledStrategy",
    "Scenario",
    "StructureChoice",
    "check_scenario",
    "compile_services",
    "compile_strategies",
    "load_scenario",
]
