package io.limestone.server.verifier;

import io.limestone.appraisal.Verdict;
import io.limestone.server.nodes.Occurrence;
import java.util.concurrent.atomic.LongAdder;

/** Counts what nodes answered, since the server was started. */
final class Counters {
  private final LongAdder trusted = new LongAdder();
  private final LongAdder untrusted = new LongAdder();
  private final LongAdder again = new LongAdder();
  private final LongAdder released = new LongAdder();
  private final LongAdder silent = new LongAdder();
  private final LongAdder other = new LongAdder();

  void count(Occurrence.Answer answer) {
    switch (answer) {
      case Occurrence.Judged judged ->
          (switch (judged.verdict()) {
                case Verdict.Trusted t -> trusted;
                case Verdict.Untrusted u -> untrusted;
                case Verdict.AskAgain a -> again;
              })
              .increment();
      case Occurrence.VDelivered v -> released.increment();
      case Occurrence.NoAnswer n -> silent.increment();
      case Occurrence.Refused r -> other.increment();
      case Occurrence.Unusable u -> other.increment();
      case Occurrence.Negotiated n -> other.increment();
      case Occurrence.NotNegotiable n -> other.increment();
      case Occurrence.Defect d -> other.increment();
    }
  }

  /** In the text form of Prometheus. */
  String metrics() {
    return "# TYPE limestone_answers_total counter\n"
        + line("trusted", trusted)
        + line("untrusted", untrusted)
        + line("asked_again", again)
        + line("v_released", released)
        + line("none", silent)
        + line("other", other);
  }

  private static String line(String outcome, LongAdder count) {
    return "limestone_answers_total{outcome=\"" + outcome + "\"} " + count.sum() + "\n";
  }
}
