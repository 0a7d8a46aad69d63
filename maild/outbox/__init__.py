"""Mail out: compose, folding, guard, queue, and smtp, the door."""
