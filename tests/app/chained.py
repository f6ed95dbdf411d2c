"""What the graphs of the tests are made with; its name is its own among the apps of one process."""

from langgraph.graph import END, START, StateGraph


def chain(state, *nodes, **compiling):
    builder = StateGraph(state)
    names = [START, *(node.__name__ for node in nodes), END]
    for node in nodes:
        builder.add_node(node.__name__, node)
    for left, right in zip(names, names[1:], strict=False):
        builder.add_edge(left, right)
    return builder.compile(**compiling)


def side_by_side(state, *nodes):
    builder = StateGraph(state)
    for node in nodes:
        builder.add_node(node.__name__, node)
        builder.add_edge(START, node.__name__)
        builder.add_edge(node.__name__, END)
    return builder.compile()
