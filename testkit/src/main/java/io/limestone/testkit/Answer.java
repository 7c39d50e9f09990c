package io.limestone.testkit;

import io.limestone.keylime.Envelope;
import io.limestone.wire.Bytes;

/** An HTTP answer with a JSON body. */
public record Answer(int status, Bytes body) {
  static Answer of(Envelope envelope) {
    return new Answer(envelope.code(), Bytes.of(envelope.bytes()));
  }

  static Answer error(int code, String text) {
    return of(Envelope.empty(code, text));
  }
}
