#include "tools/lab/work/long_work.h"

namespace kelvin {

void WorkFlags::add_to(Flags& flags) {
  flags.group("long work");
  flags.option("part", "FILE",
               "results go to FILE as they come; where an interrupted run left it, the same command goes on",
               to(part));
  flags.option("shard", "I/N",
               "only the I-th of N parts of the work (1/N to N/N), into --part FILE or else to stdout",
               [this](const std::string& value) { shard = parse_shard(value); });
  flags.list("merge", "FILES", "the parts of all shards, for the report that one run gives", merged);
}

}  // namespace kelvin
