// SPDX-License-Identifier: GPL-2.0-or-later
// Collects.java
// A java.nio selector's loop with a tick each 20 ms; each 0.8 s the loop's thread collects the garbage
// of a heap with so many live objects that it takes 150 ms and more: it waits for the JVM's own thread.
// Right: gc, blocked.
import java.nio.channels.Selector;
import java.util.ArrayList;

public class Collects {
    static final ArrayList<Object> kept = new ArrayList<>();

    static void collect() {
        long start = System.nanoTime();
        System.gc();
        System.out.println("T gc " + start + " " + (System.nanoTime() - start) / 1e6);
    }

    public static void main(String[] args) throws Exception {
        for (long took = 0; took < 150_000_000L;) {
            for (int i = 0; i < 2_000_000; i++)
                kept.add(new int[] {i});
            long start = System.nanoTime();
            System.gc();
            took = System.nanoTime() - start;
        }
        Selector selector = Selector.open();
        long next = System.nanoTime() + 800_000_000L;
        while (true) {
            selector.select(20);
            if (System.nanoTime() < next)
                continue;
            collect();
            next = System.nanoTime() + 800_000_000L;
        }
    }
}
