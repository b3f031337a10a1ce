# SPDX-License-Identifier: GPL-2.0-or-later
# select_server.rb
# A server's loop in Ruby, on IO.select, that listens, with a timer each 20 ms; each fortieth round sleeps
# 300 ms. Ruby's threads poll the same eventfd whatever they wait for: the sleep is a poll of that alone.
# Right: poll or sleep, 300 ms. Ruby's lines are not read: the place is native.
require 'socket'

$stdout.sync = true
server = TCPServer.new('127.0.0.1', 0)
rounds = 0

def answer
  start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
  sleep 0.3
  passed = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start
  puts "T sleep #{start} #{passed / 1e6}"
end

loop do
  IO.select([server], nil, nil, 0.02)
  rounds += 1
  answer if rounds % 40 == 0
end
