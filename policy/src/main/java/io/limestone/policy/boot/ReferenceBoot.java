package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.ReferenceState.Digests;
import java.util.ArrayList;
import java.util.List;

/**
 * What can be compared only when all of a log has been seen: the firmware as a whole, and the
 * kernel with its loaders, initrd and command line.
 */
final class ReferenceBoot {
  final List<MeasuredEvent> versions = new ArrayList<>();
  final List<MeasuredEvent> pieces = new ArrayList<>();
  final List<MeasuredEvent> applications = new ArrayList<>();
  final List<MeasuredEvent> commandLines = new ArrayList<>();
  final List<MeasuredEvent> initrds = new ArrayList<>();
  final List<MeasuredEvent> vmlinuzes = new ArrayList<>();

  private final ReferenceState state;
  private final ReferenceObjections found;

  ReferenceBoot(ReferenceState state, ReferenceObjections found) {
    this.state = state;
    this.found = found;
  }

  void finish() {
    firmware();
    kernel();
  }

  private void firmware() {
    boolean good =
        state.firmware().stream()
            .anyMatch(
                firmware ->
                    sequence(List.of(firmware.version()), versions)
                        && sequence(firmware.pieces(), pieces));
    if (!good) {
      found.refuseLog(
          "the firmware is one of the reference state",
          "version " + hexes(versions) + ", pieces " + hexes(pieces),
          state.firmware().size() + " alternatives, of which none is this");
    }
  }

  private void kernel() {
    List<String> reasons = new ArrayList<>();
    for (ReferenceState.Kernel kernel : state.kernels()) {
      List<String> wrong = differences(kernel);
      if (wrong.isEmpty()) {
        return;
      }
      if (reasons.isEmpty() || wrong.size() < reasons.size()) {
        reasons = wrong;
      }
    }
    found.refuseLog(
        "the kernel is one of the reference state, with its loaders, initrd and command line",
        reasons.isEmpty() ? "no kernel is listed" : String.join("; ", reasons),
        state.kernels().size() + " alternatives, of which this is nearest to");
  }

  private List<String> differences(ReferenceState.Kernel kernel) {
    List<String> wrong = new ArrayList<>();
    List<Digests> loaders = new ArrayList<>(kernel.loaders());
    if (state.secureBoot() && applications.size() == 4) {
      loaders.add(kernel.loaders().getLast());
    }
    if (!sequence(loaders, applications)) {
      wrong.add("loaders " + hexes(applications));
    }
    if (!sequence(List.of(kernel.initrd()), initrds)) {
      wrong.add("initrd " + hexes(initrds));
    }
    if (vmlinuzes.size() != 1
        || !kernel.vmlinuz().stream().allMatch(d -> d.match(vmlinuzes.getFirst()))) {
      wrong.add("vmlinuz " + hexes(vmlinuzes));
    }
    if (commandLines.size() != 1) {
      wrong.add(commandLines.size() + " command lines");
    } else if (commandLines.getFirst().event().payload() instanceof Ipl ipl
        && !kernel.commandLine().matchesWhole(ipl.text())) {
      wrong.add("command line " + ipl.argument());
    }
    return wrong;
  }

  private static boolean sequence(List<Digests> expected, List<MeasuredEvent> found) {
    if (expected.size() != found.size()) {
      return false;
    }
    for (int i = 0; i < found.size(); i++) {
      if (!expected.get(i).match(found.get(i))) {
        return false;
      }
    }
    return true;
  }

  static String hex(MeasuredEvent event) {
    return event.digest().map(digest -> digest.hex()).orElse("without digest");
  }

  private static String hexes(List<MeasuredEvent> events) {
    return events.stream().map(ReferenceBoot::hex).toList().toString();
  }
}
