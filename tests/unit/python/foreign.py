# SPDX-License-Identifier: GPL-2.0-or-later
"""An interpreter that has loaded the library of another one, as extensions linked to it do."""
import ctypes
import os
import sys
import threading

from report import ready, say

library = ctypes.CDLL(sys.argv[1], os.RTLD_LOCAL | os.RTLD_NOW)
say("main", threading.get_ident())
ready()
