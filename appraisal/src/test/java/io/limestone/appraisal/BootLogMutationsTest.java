package io.limestone.appraisal;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.Binding;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.BootPolicyMaker;
import io.limestone.testkit.BootLogWriter;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The real logs of this repository, altered everywhere while the machine's PCRs stay what they are:
 * what is altered is noticed, or decides nothing.
 */
class BootLogMutationsTest {
  private static final HashAlg BANK = HashAlg.SHA256;
  private static final BootPolicy ANY = BootPolicy.of("accept-all", "{}");

  /** A log, what its machine quotes, and the policy made of it. */
  private record Booted(Bytes bytes, BootLog log, Map<Integer, Bytes> pcrs, BootPolicy ours) {
    static Booted of(String name) {
      Bytes bytes = TestData.read("uefi/" + name + ".bin");
      BootLog log = BootLog.parse(bytes);
      String policy = Json.text(BootPolicyMaker.make(List.of(log.measured(BANK))).document());
      return new Booted(bytes, log, log.replay(BANK).values(), BootPolicy.of("accept-all", policy));
    }

    boolean passes(BootPolicy policy, Bytes sent) {
      try {
        return BootCheck.judge(policy, sent, BANK, pcrs).passed();
      } catch (MalformedException e) {
        return false; // as a verifier has it: untrusted, since there is no log
      }
    }

    void isNoticed(Bytes sent, String what) {
      assertThat(passes(ANY, sent)).as(what).isFalse();
      assertThat(passes(ours, sent)).as(what).isFalse();
    }

    /** Noticed; or the event proves nothing any more, as one of a kind that need not be bound. */
    void isNoticedOrNothing(int number, Bytes sent, String what) {
      if (passes(ANY, sent)) {
        MeasuredEvent event = BootLog.parse(sent).measured(BANK).get(number - 1);
        assertThat(event.proven()).as(what).isEmpty();
        assertThat(event.type()).as(what).isIn(NEED_NOT_BE_BOUND);
      }
    }
  }

  /** Of what their makers do with these, too little is known to call the machine a liar. */
  private static final List<EventType> NEED_NOT_BE_BOUND =
      List.of(
          EventType.EV_CPU_MICROCODE,
          EventType.EV_PLATFORM_CONFIG_FLAGS,
          EventType.EV_COMPACT_HASH,
          EventType.EV_NONHOST_CONFIG,
          EventType.EV_NONHOST_INFO,
          EventType.EV_EVENT_TAG, // if its number is none of Windows'
          EventType.EV_EFI_VARIABLE_AUTHORITY, // if it is old shim's own
          EventType.EV_IPL,
          EventType.UNKNOWN);

  /** Dropped, doubled, in another order, with another digest, or with data that is not its own. */
  @ParameterizedTest
  @FieldSource("io.limestone.testkit.Recorded#GENUINE_BOOTS")
  void everyEventOfARealLogThatIsAlteredIsNoticed(String name) {
    Booted booted = Booted.of(name);
    assertThat(booted.passes(ANY, booted.bytes)).isTrue();
    assertThat(booted.passes(booted.ours, booted.bytes)).isTrue();
    Optional<MeasuredEvent> before = Optional.empty();
    for (MeasuredEvent event : booted.log.measured(BANK)) {
      int number = event.number();
      if (!event.event().isExtended()) {
        continue;
      }
      String what = name + " event " + number + " ";
      Bytes digest = event.digest().orElseThrow();
      booted.isNoticed(edit(booted).drop(number).bytes(), what + "dropped");
      booted.isNoticed(edit(booted).repeat(number).bytes(), what + "repeated");
      booted.isNoticed(
          edit(booted)
              .remeasure(number, flipped(event.event().data(), 0), event.event().data())
              .bytes(),
          what + "with another digest");
      if (before.isPresent()
          && before.get().pcr() == event.pcr()
          && !before.get().digest().equals(Optional.of(digest))) {
        booted.isNoticed(edit(booted).swap(number - 1).bytes(), what + "in another order");
      }
      if (event.binding() == Binding.DATA) {
        for (int at = 0; at < event.event().data().size(); at += 1 + at / 8) {
          Bytes forged = flipped(event.event().data(), at);
          booted.isNoticedOrNothing(
              number,
              edit(booted).forge(number, forged).bytes(),
              what + "with byte " + at + " forged");
        }
      }
      before = Optional.of(event);
    }
  }

  private static BootLogWriter edit(Booted booted) {
    return BootLogWriter.of(booted.log);
  }

  private static Bytes flipped(Bytes data, int at) {
    byte[] bytes = data.toArray();
    if (bytes.length == 0) {
      return Bytes.of((byte) 1);
    }
    bytes[at] ^= 1;
    return Bytes.of(bytes);
  }

  /**
   * A byte of the file flipped, anywhere; or the file cut, or lengthened: where that passes, all
   * that is proven is what it was, but for the type of an event, which nothing proves.
   */
  @ParameterizedTest
  @ValueSource(strings = {"keylime-secureboot", "inspur", "ideapad1", "hirs-TpmLog"})
  void whereAFlippedBytePassesNothingThatIsProvenIsAnother(String name) {
    Booted booted = Booted.of(name);
    Random random = new Random(name.hashCode());
    int noticed = 0;
    for (int i = 0; i < 400; i++) {
      byte[] bytes = booted.bytes.toArray();
      int at = random.nextInt(bytes.length);
      bytes[at] ^= (byte) (1 << random.nextInt(8));
      Bytes sent = Bytes.of(bytes);
      if (!booted.passes(ANY, sent)) {
        noticed++;
        assertThat(booted.passes(booted.ours, sent)).isFalse();
        continue;
      }
      List<MeasuredEvent> events = BootLog.parse(sent).measured(BANK);
      List<MeasuredEvent> original = booted.log.measured(BANK);
      assertThat(events).hasSameSizeAs(original);
      for (int e = 0; e < events.size(); e++) {
        assertThat(events.get(e).digest()).isEqualTo(original.get(e).digest());
        Optional<BootPayload> proven = events.get(e).proven();
        if (events.get(e).type() == original.get(e).type() && proven.isPresent()) {
          assertThat(words(proven.get(), events.get(e).binding()))
              .as("byte %d", at)
              .isEqualTo(words(original.get(e).event().payload(), events.get(e).binding()));
        }
      }
    }
    assertThat(noticed).isGreaterThan(100);
    for (int cut = 1; cut < booted.bytes.size(); cut += 1 + booted.bytes.size() / 200) {
      booted.isNoticed(booted.bytes.slice(0, cut), "cut at " + cut);
    }
    for (int more : new int[] {1, 4, 5, 31, 32, 64}) {
      booted.isNoticed(Bytes.concat(booted.bytes, Bytes.of(new byte[more])), more + " zeros more");
    }
  }

  /** What a decision may rest on: of a part that is proven, not its label. */
  private static String words(BootPayload payload, Binding binding) {
    return switch (payload) {
      case BootPayload.Ipl ipl -> ipl.argument();
      case BootPayload.Variable variable when binding == Binding.PART -> variable.data().hex();
      default -> payload.toString();
    };
  }
}
