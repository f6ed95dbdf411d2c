"""Ways to write a node, each with a change of what it asks."""

from __future__ import annotations

PREAMBLE = """
from enum import Enum
from functools import lru_cache, partial, wraps

from langchain_core.runnables import RunnableParallel
from langchain_core.tools import tool
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict


class State(TypedDict):
    amount: int


def build(node):
    return StateGraph(State).add_node("ask", node).add_edge(START, "ask").compile()

"""

# a way to write a node -> its source, and a change of what it asks
WAYS: dict[str, tuple[str, str, str]] = {
    'helper named only in a comprehension': (
        """
def item(x): return interrupt(f"Pay {x}?")
def ask(state): return {"amount":[item(x) for x in (1,2)]}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'helper named only in nested def/lambda': (
        """
def item(x): return interrupt(f"Pay {x}?")
def ask(state):
    go=lambda: item(1)
    return {"amount":go()}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    "the body of a decorator's wrapper": (
        """
def gated(fn):
    @wraps(fn)
    def inner(state):
        if not interrupt("Pay?"): return {}
        return fn(state)
    return inner
@gated
def ask(state): return {"amount":1}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'partial argument': (
        """
def ask(state, question): return {"amount":interrupt(question)}
graph=build(partial(ask, question="Pay?"))
""",
        'Pay',
        'Delete',
    ),
    'attribute of an object whose method is the node': (
        """
class Gate:
    def __init__(self, q): self.q=q
    def ask(self, state): return {"amount":interrupt(self.q)}
graph=build(Gate("Pay?").ask)
""",
        'Pay',
        'Delete',
    ),
    'attribute of callable object': (
        """
class Gate:
    def __init__(self, q): self.q=q
    def __call__(self, state): return {"amount":interrupt(self.q)}
graph=build(Gate("Pay?"))
""",
        'Pay',
        'Delete',
    ),
    'inherited helper method': (
        """
class Base:
    def text(self): return interrupt("Pay?")
class Gate(Base):
    def ask(self, state): return {"amount":self.text()}
graph=build(Gate().ask)
""",
        'Pay',
        'Delete',
    ),
    'class constant': (
        """
class Gate:
    Q="Pay?"
    def ask(self, state): return {"amount":interrupt(self.Q)}
graph=build(Gate().ask)
""",
        'Pay',
        'Delete',
    ),
    'method of a class used by a node': (
        """
class Gate:
    def ask(self): return interrupt("Pay?")
def ask(state): return {"amount":Gate().ask()}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'method of a global object': (
        """
class Gate:
    def ask(self): return interrupt("Pay?")
GATE=Gate()
def ask(state): return {"amount":GATE.ask()}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'static method by class name': (
        """
class Gate:
    @staticmethod
    def ask(): return interrupt("Pay?")
def ask(state): return {"amount":Gate.ask()}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'lru_cached helper': (
        """
@lru_cache
def text(): return "Pay?"
def ask(state): return {"amount":interrupt(text())}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'helper via global partial': (
        """
def put(q): return interrupt(q)
put_pay=partial(put,"Pay?")
def ask(state): return {"amount":put_pay()}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'helper in a dict (dispatch)': (
        """
def pay(): return interrupt("Pay?")
HOW={"pay":pay}
def ask(state): return {"amount":HOW["pay"]()}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'helper as a default argument': (
        """
def pay(): return interrupt("Pay?")
def ask(state, how=pay): return {"amount":how()}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'closure holding a list of helpers': (
        """
def pay(): return interrupt("Pay?")
def mk(fs):
    def ask(state): return {"amount":[f() for f in fs]}
    return ask
graph=build(mk([pay]))
""",
        'Pay',
        'Delete',
    ),
    'order of closure helpers': (
        """
def pay(): return interrupt("Pay?")
def dele(): return interrupt("Delete?")
def mk(f,g):
    def ask(state): return {"amount":(f(),g())}
    return ask
graph=build(mk(pay,dele))
""",
        'mk(pay,dele)',
        'mk(dele,pay)',
    ),
    'which helper an alias names': (
        """
def pay(): return interrupt("Pay?")
def dele(): return interrupt("Delete?")
first,second=pay,dele
def ask(state): return {"amount":(first(),second())}
graph=build(ask)
""",
        '=pay,dele',
        '=dele,pay',
    ),
    'Enum constant': (
        """
class Q(str, Enum):
    GO="Pay?"
def ask(state): return {"amount":interrupt(Q.GO.value)}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'second line of a lambda': (
        """
graph=build(
    lambda state: state.get("x")
    or {"amount":interrupt("Pay?")}
)
""",
        'Pay',
        'Delete',
    ),
    'tuple constant in a lambda read as bytecode': (
        """
graph=build(
    lambda state: {"amount":interrupt(("Pay","All")) }
    if True else
    {})
""",
        'Pay',
        'Delete',
    ),
    'RunnableParallel': (
        """
graph=build(RunnableParallel(amount=lambda s: interrupt("Pay?")))
""",
        'Pay',
        'Delete',
    ),
    'interrupt in a conditional edge': (
        """
def ask(state): return {"amount":1}
def route(state): return END if interrupt("Pay?") else END
graph=StateGraph(State).add_node("ask",ask).add_edge(START,"ask").add_conditional_edges("ask",route,[END]).compile()
""",
        'Pay',
        'Delete',
    ),
    '@task in an @entrypoint': (
        """
@task
def pay(): return interrupt("Pay?")
@entrypoint()
def graph(x: dict) -> dict: return {"amount":pay().result()}
""",
        'Pay',
        'Delete',
    ),
    '@tool called by a node': (
        """
@tool
def pay(x:int)->str:
    "pays"
    return interrupt("Pay?")
def ask(state): return {"amount":pay.invoke({"x":1})}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'subgraph called in a comprehension': (
        """
def inner(state): return {"amount":interrupt("Pay?")}
sub=build(inner)
def ask(state): return {"amount":[sub.invoke(state) for _ in (1,)]}
graph=build(ask)
""",
        'Pay',
        'Delete',
    ),
    'frozenset constant': (
        """
KINDS=frozenset({"Pay"})
def ask(state): return {"amount":interrupt("x") if "Pay" in KINDS else interrupt("y")}
graph=build(ask)
""",
        'frozenset({"Pay"})',
        'frozenset({"Del"})',
    ),
}  # fmt: skip
