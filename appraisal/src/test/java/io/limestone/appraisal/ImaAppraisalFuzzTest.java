package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaSlice;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.testkit.ima.ImaRecord;
import io.limestone.testkit.ima.MeasuringKernel;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whatever list comes with a good quote: it is judged to its end without an exception, and passes
 * only if its entries are those that the kernel measured, or more.
 */
class ImaAppraisalFuzzTest {
  private static final TestNode NODE = new TestNode();
  private static final Bytes HONEST = live();
  private static final PcrValues QUOTED = NODE.tpm.pcrs(new PcrSelection(HashAlg.SHA256, 0x7ff));
  private static final List<Bytes> MEASURED = measured(HONEST);

  /** No violations: their names are in no PCR. */
  private static Bytes live() {
    MeasuringKernel kernel = new MeasuringKernel(NODE.tpm);
    String path = ImaWorld.PATHS.getFirst();
    kernel.create(path, path + ImaWorld.CONTENTS.getFirst());
    kernel.create(ImaWorld.BROKEN, ImaWorld.BROKEN + ImaWorld.CONTENTS.getFirst());
    kernel.boot(ImaWorld.FIRMWARE.getFirst(), "ima-sig");
    kernel.buffer("dm_table_load", bytes(ImaWorld.load("root", "8:1")));
    kernel.buffer("dm_device_resume", bytes(ImaWorld.resume("root", "8:1")));
    kernel.openRead(path);
    kernel.kexec("ima-ng");
    kernel.buffer("dm_table_load", bytes(ImaWorld.load("root", "8:1")));
    kernel.buffer("dm_device_resume", bytes(ImaWorld.resume("root", "8:1")));
    kernel.openRead(ImaWorld.BROKEN);
    return ImaRecord.ascii(kernel.list());
  }

  @FuzzTest(maxDuration = "1m")
  void anyListPassesOnlyIfItIsWhatWasMeasured(byte[] list) {
    for (RuntimePolicy policy : List.of(ImaWorld.STRICT, ImaWorld.ANYTHING)) {
      if (passes(Bytes.of(list), policy)) {
        List<Bytes> claimed = measured(Bytes.of(list));
        assertThat(claimed).hasSizeGreaterThanOrEqualTo(MEASURED.size());
        assertThat(claimed.subList(0, MEASURED.size())).isEqualTo(MEASURED);
      }
    }
    assertThat(passes(HONEST, ImaWorld.STRICT)).isTrue();
  }

  private static boolean passes(Bytes list, RuntimePolicy policy) {
    Findings findings = new Findings(SeverityPolicy.STRICT);
    ImaAppraisal.Outcome outcome =
        new ImaAppraisal(
                Optional.of(policy), ViolationPolicy.IGNORE, findings, QUOTED, Optional.empty())
            .appraise(
                Optional.of(new ImaSlice(list, 0)),
                new ImaAppraisal.Before(ImaProgress.NONE, Optional.empty()));
    return outcome instanceof ImaAppraisal.Judged && !findings.failed();
  }

  private static List<Bytes> measured(Bytes list) {
    List<Bytes> measured = new ArrayList<>();
    ImaCursor cursor = new ImaCursor(list.toArray(), HashAlg.SHA1);
    while (cursor.next()) {
      measured.add(
          cursor.kind() == ImaCursor.Kind.ENTRY ? cursor.templateData().toBytes() : Bytes.EMPTY);
    }
    return measured;
  }
}
