# SPDX-License-Identifier: GPL-2.0-or-later
# Tcl's loop, with a tick each 20 ms. Each 0.8 s it blocks for 300 ms: WAY "after", a sleep, or "exec", a child.
set way [lindex $argv 0]

# CLOCK_MONOTONIC in ns, as near as /proc has it
proc uptime {} {
    set file [open /proc/uptime]
    set seconds [lindex [read $file] 0]
    close $file
    return $seconds
}
set offset_us [expr {[clock microseconds] - int([uptime] * 1000000)}]
proc now_us {} { expr {[clock microseconds] - $::offset_us} }

proc tick {} { after 20 tick }

proc blocks {} {
    if {$::way eq "exec"} { exec sleep 0.3 } else { after 300 }
}

proc job {} {
    set start [now_us]
    blocks
    puts "T $::way ${start}000 [expr {([now_us] - $start) / 1000.0}]"
    flush stdout
    after 800 job
}

tick
after 800 job
vwait forever
