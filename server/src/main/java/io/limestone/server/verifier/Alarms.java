package io.limestone.server.verifier;

import io.limestone.appraisal.Failure;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.RevocationNotice;
import io.limestone.keylime.SignedNotice;
import io.limestone.server.nodes.Step;
import io.limestone.server.revocation.Channel;
import io.limestone.server.revocation.Outbox;
import io.limestone.server.store.SealBroken;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns a node's alarm into a signed notice in the outbox. */
final class Alarms {
  private static final Logger LOG = LoggerFactory.getLogger(Alarms.class);

  private final NodeStore store;
  private final Outbox outbox;
  private final List<Channel> channels;
  private final InstantSource clock;
  private final Runnable bell;

  Alarms(
      NodeStore store, Outbox outbox, List<Channel> channels, InstantSource clock, Runnable bell) {
    this.store = store;
    this.outbox = outbox;
    this.channels = channels;
    this.clock = clock;
    this.bell = bell;
  }

  void write(Handle handle, Enrolled node, Step.Alarm alarm) {
    if (channels.isEmpty()) {
      return;
    }
    Enrolment enrolment = node.enrolment();
    Failure failure = alarm.failure();
    RevocationNotice notice =
        new RevocationNotice(
            alarm.type(),
            node.id(),
            enrolment.ip(),
            enrolment.port(),
            enrolment.tpmPolicy(),
            enrolment.metadata(),
            RevocationNotice.time(clock.instant()),
            Optional.of(
                new RevocationNotice.Event(
                    failure.eventId(), failure.severity().label(), Json.text(failure.context()))));
    outbox.add(handle, node.id().value(), signed(handle, node, notice), channels, clock.instant());
  }

  void wake() {
    bell.run();
  }

  /** A key that cannot be used must not keep the notice from being sent: it goes unsigned. */
  private SignedNotice signed(Handle handle, Enrolled node, RevocationNotice notice) {
    try (Secret pem = store.revocationKey(handle, node.id()).orElse(null)) {
      if (pem == null) {
        return SignedNotice.unsigned(notice);
      }
      PrivateKey key = RevocationKey.parse(new String(pem.reveal(), StandardCharsets.UTF_8));
      return SignedNotice.sign(notice, key);
    } catch (SealBroken | MalformedException e) {
      LOG.error("revocation key of node {} cannot be used; its notice goes unsigned", node.id(), e);
      return SignedNotice.unsigned(notice);
    }
  }
}
