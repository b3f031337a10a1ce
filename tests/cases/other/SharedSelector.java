// SPDX-License-Identifier: GPL-2.0-or-later
// SharedSelector.java idle|block|held
// Jetty's way: threads of a pool take turns at one java.nio Selector. One waits in select(); what it
// finds it hands to the pool, or runs itself after another has taken over the selector.
// idle: events each 20 ms that do nothing. No stall.
// block: each 0.6 s a task sleeps 300 ms in a thread of the pool, while another selects. No stall.
// held: each 0.7 s the selecting thread itself sleeps 300 ms in work(), and nobody takes over:
// a stall, sleep.
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

public class SharedSelector {
    static Selector selector;
    static Pipe pipe;
    static String kind;
    static ExecutorService pool;
    static long next;

    static void work() throws InterruptedException {
        Thread.sleep(300);
    }

    static void truth(String label, long start) {
        System.out.println("T " + label + " " + start + " " + (System.nanoTime() - start) / 1e6);
    }

    static void produce() {
        try {
            ByteBuffer buffer = ByteBuffer.allocate(100);
            selector.select();
            selector.selectedKeys().clear();
            pipe.source().read(buffer);
            boolean blocks = System.nanoTime() > next;
            if (blocks)
                next = System.nanoTime() + 700_000_000L;
            if (kind.equals("held") && blocks) {
                long start = System.nanoTime();
                work();
                truth("sleep", start);
            }
            pool.execute(SharedSelector::produce); // another takes over the selector
            if (kind.equals("block") && blocks)
                work();
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    public static void main(String[] args) throws Exception {
        kind = args[0];
        next = System.nanoTime() + 700_000_000L;
        selector = Selector.open();
        pipe = Pipe.open();
        pipe.source().configureBlocking(false);
        pipe.source().register(selector, SelectionKey.OP_READ);
        pool = Executors.newFixedThreadPool(4);
        pool.execute(SharedSelector::produce);
        while (true) {
            Thread.sleep(20);
            pipe.sink().write(ByteBuffer.wrap(new byte[] {1}));
        }
    }
}
