// SPDX-License-Identifier: GPL-2.0-or-later

import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * EventLoops nio|netty PATTERN: an event loop of Java that ticks every 20 ms; talks as
 * asyncio_target.py does. nio: a Selector's loop as many have written it; netty: its own.
 * Patterns that block: sleep, lock, cpu; innocent: pool (in a worker thread), idle.
 */
public class EventLoops {
    static final long BLOCK_MS = 400;

    /** A loop that waits in Selector.select(). */
    static class Nio extends Thread implements Executor {
        final Selector selector = Selector.open();
        final Pipe pipe = Pipe.open();
        final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();

        Nio() throws Exception {
            setName("selector");
            setDaemon(true);
            pipe.source().configureBlocking(false);
            pipe.source().register(selector, SelectionKey.OP_READ);
        }

        public void execute(Runnable task) {
            tasks.add(task);
            selector.wakeup();
        }

        public void run() {
            try {
                while (true) {
                    selector.select(20);
                    for (Runnable task; (task = tasks.poll()) != null; )
                        task.run();
                }
            } catch (java.io.IOException e) {
                throw new RuntimeException(e);
            }
        }
    }

    static Executor netty() throws Exception {
        // by name: this file compiles without Netty, too
        Object group = Class.forName("io.netty.channel.nio.NioEventLoopGroup")
            .getConstructor(int.class).newInstance(1);
        var loop = (java.util.concurrent.ScheduledExecutorService) group;
        loop.scheduleAtFixedRate(() -> { }, 20, 20, TimeUnit.MILLISECONDS);
        return loop;
    }

    static void blockSleep() throws Exception {
        Thread.sleep(BLOCK_MS);
    }

    static void blockLock() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        Thread owner = new Thread(() -> {
            try {
                Thread.sleep(BLOCK_MS);
            } catch (InterruptedException e) {
                return;
            }
            latch.countDown();
        });
        owner.start();
        latch.await();
    }

    static void blockCpu() {
        long end = System.nanoTime() + BLOCK_MS * 1_000_000;
        while (System.nanoTime() < end)
            ;
    }

    static void turn(String pattern) {
        // CLOCK_MONOTONIC on Linux
        long start = System.nanoTime();
        try {
            switch (pattern) {
            case "sleep" -> blockSleep();
            case "lock" -> blockLock();
            case "cpu" -> blockCpu();
            default -> throw new IllegalArgumentException(pattern);
            }
        } catch (Exception e) {
            throw new RuntimeException(e);
        }
        say("TURN {\"start_ns\": " + start + ", \"end_ns\": " + System.nanoTime() + "}");
    }

    static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    public static void main(String[] args) throws Exception {
        Executor loop;
        String pattern = args[1];
        ExecutorService workers = Executors.newFixedThreadPool(2, task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        if (args[0].equals("netty")) {
            loop = netty();
        } else {
            Nio nio = new Nio();
            nio.start();
            loop = nio;
        }
        // classes are loaded, and the loop has been idle
        loop.execute(() -> { });
        Thread.sleep(500);
        say("READY");
        while (System.in.read() >= 0) {
            CountDownLatch done = new CountDownLatch(1);
            if (pattern.equals("pool"))
                workers.execute(() -> { try { blockSleep(); } catch (Exception e) { } done.countDown(); });
            else if (pattern.equals("idle"))
                loop.execute(done::countDown);
            else
                loop.execute(() -> { turn(pattern); done.countDown(); });
            done.await();
            say("DONE");
            // the rest of the line
            System.in.skip(System.in.available());
        }
        System.exit(0);
    }
}
