# SPDX-License-Identifier: GPL-2.0-or-later
"""One deep stack, each frame of which is in the middle of a call that is hard to find the line of."""
import asyncio
import contextlib
import functools
import threading

from report import block, ready, report, start, wait_blocked

steps = []


def step(function):
    steps.append(function)
    return function


def following(*_args, **_kwargs):
    """Goes one step deeper."""
    state = local.__dict__
    state["at"] = state.get("at", -1) + 1
    if state["at"] == len(steps):
        block()
    else:
        steps[state["at"]]()
    return 1


local = threading.local()


@step
def arguments_on_lines():
    max(
        1,
        2,
        following(
            3,
            4,
        ),
        5,
    )


@step
def callee_on_another_line():
    (
        following
    )(
        1,
        2
    )


@step
def loops():
    for i in range(3):
        if i == 0:
            continue
        while True:
            i += 1
            if i > 1:
                following()
            else:
                i = 7
            break


@step
def after_else():
    value = 1
    if value == 2:
        value = 3
    elif value == 4:
        value = 5
    else:
        value = 6
    following()
    return value


@step
def comprehensions():
    return [
        {
            key: tuple(
                following()
                for _ in range(1)
            )
            for key in (1, 2)
        }
        for _ in range(2)
    ]


@step
def handlers():
    try:
        raise ValueError
    except (
        KeyError,
        ValueError,
    ):
        try:
            pass
        finally:
            following()


@step
def finally_after_return():
    def inner():
        try:
            return 1
        finally:
            following()

    return inner()


@step
def with_statement():
    class Manager:
        def __enter__(self):
            return self

        def __exit__(self, *_args):
            following()

    with Manager(), \
            contextlib.ExitStack() as stack:
        stack.callback(
            print)
        stack.pop_all()


@step
def lambdas():
    (lambda
     x: following(
         x))(
             1)


@step
def nested_functions():
    outer = 1

    def middle():
        def inner():
            return outer + following()

        return inner()

    return middle()


@step
def generators():
    def low():
        yield following()

    def high():
        yield from low()

    for _ in high():
        pass


@step
def decorated():
    @functools.lru_cache(
        maxsize=None)
    def cached(_):
        return following()

    return cached(
        1)


@step
def called_from_c():
    sorted([1, 2], key=lambda _:
           following())


@step
def class_body():
    class Body:
        first = 1
        second = \
            following()

    return Body


@step
def special_methods():
    class Special:
        def __getattr__(self, _name):
            return following()

        def __add__(self, _other):
            return self.missing

        @property
        def prop(self):
            return (self
                    + 1)

    return Special().prop


@step
def text():
    return f"""a
    b {following()}
    c"""


@step
def asynchronous():
    class Steps:
        def __aiter__(self):
            return self

        async def __anext__(self):
            following()

        async def __aenter__(self):
            async for _ in self:
                pass

        async def __aexit__(self, *_args):
            pass

    async def main():
        async with \
                Steps():
            pass

    asyncio.new_event_loop().run_until_complete(main())


@step
def recursion():
    def down(depth):
        if depth:
            return down(
                depth - 1)
        return following()

    return down(60)


def made(name, lines):
    """A step from generated source."""
    space = {"following": following}
    exec(compile("\n".join(lines), "/generated/" + name + ".py", "exec"), space)
    return space[name]


# More than 255 bytes of code between lines; more than 255 lines between code; EXTENDED_ARG.
steps.append(made("long_line", ["def long_line():", " x = 1", " y = (" + " + ".join(["x"] * 400)
                                + ")", " following()", " return y"]))
steps.append(made("far_lines", ["def far_lines():", " x = 1"] + [""] * 700
                  + [" following()", " return x"]))
steps.append(made("far_back", ["def far_back():", " for i in range(2):", "  following(i,"]
                  + [""] * 300 + ["   i + 1,"] + [""] * 200 + ["   i + 2)"]))
steps.append(made("many_names", ["def many_names():"]
                  + [" v%d = %d.5; w = 'k%d'" % (i, i, i) for i in range(400)]
                  + [" if v399 and w:", "  for i in range(1):"]
                  + ["   v%d = w" % i for i in range(300)]
                  + ["   following(v1,", "     v399)", "  return 1"]))
steps.append(made("größe_数", ["def größe_数():", " following()"]))
steps.append(made("nothing_but", ["def nothing_but(): return following()"]))

start("lines", following)
wait_blocked(1)
report()
ready()
