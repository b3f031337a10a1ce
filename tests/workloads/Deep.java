// SPDX-License-Identifier: GPL-2.0-or-later
// Deep [record]: stands in deep stacks of static, virtual and interface calls and lambdas, of which
// some are compiled, at other places all the time. Says READY; ends with its standard input.
//
// record: at the bottom it says what the JVM says of the stack, STACK [["class.method"], ...],
// innermost first, and waits there until it reads a line.
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;

public class Deep {
    private static volatile int sink;
    private static boolean warming = true;
    private static boolean record;

    interface Way {
        int go(int depth, int choice);
    }

    static class Recursion implements Way {
        public int go(int depth, int choice) {
            return further(depth, choice, 4);
        }

        private int further(int depth, int choice, int rounds) {
            return rounds > 0 ? further(depth, choice, rounds - 1) + 1 : descend(depth, choice);
        }
    }

    static class Lambda implements Way {
        public int go(int depth, int choice) {
            IntUnaryOperator inner = value -> descend(depth, value) + 1;
            return inner.applyAsInt(choice);
        }
    }

    static class Streams implements Way {
        public int go(int depth, int choice) {
            return List.of(1).stream().mapToInt(one -> descend(depth, choice) + one).sum();
        }
    }

    static class Sorting implements Way {
        public int go(int depth, int choice) {
            boolean[] once = {true};
            Integer[] values = {3, 1, 2};
            Arrays.sort(values, (a, b) -> {
                if (once[0]) {
                    once[0] = false;
                    descend(depth, choice);
                }
                return a - b;
            });
            return values[0];
        }
    }

    private static final Way[] WAYS = {new Recursion(), new Lambda(), new Streams(), new Sorting()};

    private static int bottom(int choice) {
        if (warming)
            return choice;
        if (record)
            return tell();
        if (choice % 2 == 0) {
            LockSupport.parkNanos(4_000_000);
        } else {
            long end = System.nanoTime() + 4_000_000;
            while (System.nanoTime() < end)
                sink += choice;
        }
        return 1;
    }

    private static int tell() {
        List<String> stack = new ArrayList<>();
        for (StackTraceElement frame : Thread.currentThread().getStackTrace())
            stack.add("[\"" + frame.getClassName() + "." + frame.getMethodName() + "\"]");
        System.out.println("STACK [" + String.join(", ", stack.subList(1, stack.size())) + "]");
        try {
            if (System.in.read() < 0)
                System.exit(0);
        } catch (IOException error) {
            System.exit(1);
        }
        return 1;
    }

    static int descend(int depth, int choice) {
        int next = choice * 1103515245 + 12345;
        if (depth <= 0)
            return bottom(next >>> 8);
        return WAYS[(next >>> 8) % WAYS.length].go(depth - 1, next);
    }

    private static void forever() {
        for (int choice = 1;; choice = choice * 69069 + 1)
            descend(1 + (choice >>> 16) % 5, choice);
    }

    public static void main(String[] arguments) throws Exception {
        record = arguments.length > 0 && arguments[0].equals("record");
        for (int i = 0; i < 30000; i++)
            sink += descend(3, i);
        warming = false;
        Thread worker = new Thread(Deep::forever, "deep-worker");
        worker.setDaemon(true);
        worker.start();
        System.out.println("READY");
        if (record)
            worker.join();
        while (System.in.read() >= 0)
            continue;
        System.exit(0);
    }
}
