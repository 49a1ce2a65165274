"""Groups of nodes -> where each is drawn: data flows from left to right, what it rests upon lies below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lib.reports.html.architecture import Group, Node

WIDTH = 1180
TILE, HEIGHT, GAP, PAD, HEAD = 158, 38, 8, 12, 30
COLUMN, BETWEEN = 2 * TILE + GAP + 2 * PAD, 68
LAYERED = 40
"""A stack of one group with at most so many nodes is drawn in layers, each edge shown."""
LAYERS = 5
CURVES = 16
"""Of the flow; the ones that stand for the most references, so that a large stack does not turn into a knot."""


@dataclass(frozen=True)
class Tile:
    """A node, and its upper left corner."""

    node: Node
    x: int
    y: int


@dataclass(frozen=True)
class Box:
    """A group and its frame."""

    group: Group
    x: int
    y: int
    width: int
    height: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Curve:
    """An edge as an SVG path. references: how many it stands for."""

    path: str
    about: str
    references: int


@dataclass(frozen=True)
class Drawing:
    """The picture. flow: edges between groups in the direction of the data. edges: single references, as they are."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    flow: tuple[Curve, ...] = ()
    edges: tuple[Curve, ...] = ()


def drawing(groups: Sequence[Group]) -> Drawing:
    """Where everything goes."""
    if len(groups) == 1 and len(groups[0].nodes) <= LAYERED:
        return _layered(groups[0])
    columns = [[group for group in groups if group.role == role] for role in ("source", "worker", "store")]
    boxes, heights = [], [0, 0, 0]
    for column, members in enumerate(columns):
        for group in members:
            boxes.append(_box(group, column, heights[column]))
            heights[column] = boxes[-1].y + boxes[-1].height + 24
    heights = [max(heights) + (24 if boxes else 0)] * 3
    for group in groups:
        if not group.role:
            column = heights.index(min(heights))
            boxes.append(_box(group, column, heights[column]))
            heights[column] = boxes[-1].y + boxes[-1].height + 24
    return Drawing(WIDTH, max(heights), tuple(boxes), flow=_flow(boxes))


def _box(group: Group, column: int, y: int) -> Box:
    x = column * (COLUMN + BETWEEN)
    tiles = tuple(
        Tile(node, x + PAD + (number % 2) * (TILE + GAP), y + HEAD + PAD + (number // 2) * (HEIGHT + GAP))
        for number, node in enumerate(group.nodes)
    )
    rows = (len(tiles) + 1) // 2
    return Box(group, x, y, COLUMN, HEAD + 2 * PAD + rows * (HEIGHT + GAP) - GAP, tiles)


def _flow(boxes: Sequence[Box]) -> tuple[Curve, ...]:
    """What a worker takes from a source and brings to a store; it is the worker, mostly, that names the others."""
    curves = []
    for left in boxes:
        for right in boxes:
            if (left.group.role, right.group.role) in {("source", "worker"), ("worker", "store")}:
                names = left.group.name, right.group.name
                count = left.group.refers_to.get(names[1], 0) + right.group.refers_to.get(names[0], 0)
                if count:
                    start, end = (left.x + left.width, left.y + HEAD // 2), (right.x, right.y + HEAD // 2)
                    curves.append(Curve(_curve(start, end), f"{names[0]} to {names[1]}", count))
    return tuple(sorted(curves, key=lambda curve: (-curve.references, curve.about))[:CURVES])


def _layered(group: Group) -> Drawing:
    """One group: what refers to others at the left, what they refer to right of it."""
    depths = _depths(group.nodes)
    layers = [[node for node in group.nodes if depths[node.id] == depth] for depth in range(max(depths.values()) + 1)]
    step = TILE + 72
    tiles = {
        node.id: Tile(node, PAD + depth * step, HEAD + PAD + row * (HEIGHT + 2 * GAP))
        for depth, nodes in enumerate(layers)
        for row, node in enumerate(nodes)
    }
    edges = tuple(
        Curve(
            _curve((tile.x + TILE, tile.y + HEIGHT // 2), (tiles[to].x, tiles[to].y + HEIGHT // 2)),
            f"{tile.node.name} refers to {tiles[to].node.name}",
            1,
        )
        for tile in tiles.values()
        for to in tile.node.refers_to
    )
    width = max(2 * PAD + len(layers) * step - 72, COLUMN)
    height = HEAD + 2 * PAD + max(map(len, layers)) * (HEIGHT + 2 * GAP)
    return Drawing(width, height, (Box(group, 0, 0, width, height, tuple(tiles.values())),), edges=edges)


def _depths(nodes: Sequence[Node]) -> Mapping[str, int]:
    """Node -> how far right: beyond all that refer to it. Bounded, so that a circle ends."""
    depths = {node.id: 0 for node in nodes}
    for _ in range(LAYERS):
        for node in nodes:
            for target in node.refers_to:
                depths[target] = min(max(depths[target], depths[node.id] + 1), LAYERS)
    return depths


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    bend = max(abs(end[0] - start[0]) // 2, 24)
    return f"M{start[0]} {start[1]}C{start[0] + bend} {start[1]} {end[0] - bend} {end[1]} {end[0]} {end[1]}"
