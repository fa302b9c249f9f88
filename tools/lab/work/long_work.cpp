#include "tools/lab/work/long_work.h"

#include "loaders/files/load_error.h"
#include "tools/options/run_main.h"

namespace kelvin {

void WorkFlags::add_to(Flags& flags) {
  flags.group("long work");
  flags.option(
      "part", "FILE",
      "results go to FILE every few seconds; where an interrupted run left it, the same command goes on",
      to(part));
  flags.option("shard", "I/N",
               "only the I-th of N parts of the work (1/N to N/N), into --part FILE or else to stdout",
               [this](const std::string& value) { shard = parse_shard(value); });
  flags.list("merge", "FILES", "the parts of all shards, for the report that one run gives", merged);
}

Interrupted interruption(const WorkFlags& flags, const std::string& saved) {
  if (flags.part && *flags.part != "-")
    return Interrupted("interrupted; " + saved + " are in " + path_text(*flags.part) + "; " +
                       same_command("go on with"));
  if (flags.part || (flags.shard && flags.shard->count > 1))
    return Interrupted("interrupted; " + saved +
                       " went to stdout; with --part FILE the same command goes on");
  return Interrupted(
      "interrupted; nothing was saved: with --part FILE the same command goes on where it stopped");
}

}  // namespace kelvin
