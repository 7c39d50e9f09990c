package io.limestone.server.registrar;

import io.limestone.appraisal.endorsement.Purpose;
import io.limestone.keylime.Challenge;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.server.Part;
import io.limestone.server.Shared;
import io.limestone.server.http.Caller;
import io.limestone.server.http.Route;
import io.limestone.server.settings.RegistrarSettings;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.server.store.SealBroken;
import io.limestone.server.store.Sealer;
import io.limestone.tpm.CredentialBlob;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registrar. A registration becomes a candidate with a challenge; the TPM's answer makes it the
 * active record. Until then the active record, if there is one, stays as it is: whoever can't open
 * the challenge changes nothing.
 */
public final class Registrar implements Part {
  private static final Logger LOG = LoggerFactory.getLogger(Registrar.class);

  private final Database database;
  private final RegistrationTable table;
  private final Sealer sealer;
  private final AuditLog audit;
  private final InstantSource clock;
  private final SecureRandom random;
  private final IdentityRules rules;
  private final Endorsements endorsements;
  private final boolean requireEkCert;
  private final RateLimit rate;
  private final int maxCandidates;
  private final Duration claimLifetime;
  private final LongAdder registered = new LongAdder();
  private final LongAdder activated = new LongAdder();
  private final LongAdder refused = new LongAdder();

  private Registrar(Shared shared) throws IOException {
    this.database = shared.database();
    this.table = new RegistrationTable(database);
    this.sealer = shared.sealer();
    this.audit = shared.audit();
    this.clock = shared.clock();
    this.random = shared.random();
    this.rules =
        new IdentityRules(
            shared.settings().get(RegistrarSettings.TPM_IDENTITY),
            shared.settings().get(RegistrarSettings.MALFORMED_CERT_ACTION).equals("reject"));
    String store = shared.settings().get(RegistrarSettings.TPM_CERT_STORE);
    this.endorsements =
        Endorsements.of(
            store.equals("default") ? shared.home().resolve("ek-roots") : Path.of(store), clock);
    this.requireEkCert = shared.settings().get(RegistrarSettings.REQUIRE_EK_CERT);
    this.rate =
        new RateLimit(
            shared.settings().get(RegistrarSettings.MAX_REGISTRATIONS_PER_ADDRESS), clock);
    this.maxCandidates = shared.settings().get(RegistrarSettings.MAX_PENDING);
    this.claimLifetime = shared.settings().get(RegistrarSettings.PENDING_LIFETIME);
  }

  public static Registrar of(Shared shared) throws IOException {
    return new Registrar(shared);
  }

  public Registrations registrations() {
    return table;
  }

  /**
   * Takes a registration.
   *
   * @return the credential blob that only this TPM opens
   */
  Bytes register(NodeId id, Registration sent, boolean erasesCertificate, InetAddress peer)
      throws Refusal, IOException {
    if (!rate.allows(peer)) {
      throw refuse(new Refusal(429, "Too many registrations from this address"));
    }
    try {
      while (true) {
        Known known = database.read(h -> known(h, id));
        IdentityRules.Checked checked =
            rules.check(id, sent, erasesCertificate, known.row().map(Row::identity));
        Endorsement endorsement = endorse(checked);
        try (var secret = Challenge.random(random).text()) {
          Bytes blob =
              CredentialBlob.make(checked.ek(), checked.ak().name(), secret, random).encode();
          Row candidate =
              candidate(
                  id,
                  sent,
                  known,
                  checked.identity(),
                  endorsement,
                  sealer.seal(secret, context(id)));
          if (store(known, candidate)) {
            registered.increment();
            return blob;
          }
        }
      }
    } catch (Refusal e) {
      throw refuse(e, id);
    }
  }

  /** Rules 4 and 5 of {@link IdentityRules}, as far as issuers go. */
  private Endorsement endorse(IdentityRules.Checked checked) throws Refusal, IOException {
    Identity identity = checked.identity();
    Endorsement endorsement = endorsements.ek(identity, checked.ek());
    if (requireEkCert && !endorsement.trusted()) {
      throw IdentityRules.invalid("ekcert: " + endorsement.reason());
    }
    refuseDevice("iak_cert", Purpose.IAK, identity.iakCert(), identity.iakTpm());
    refuseDevice("idevid_cert", Purpose.IDEVID, identity.idevidCert(), identity.idevidTpm());
    return endorsement;
  }

  private void refuseDevice(
      String name, Purpose purpose, Optional<Bytes> certificate, Optional<Bytes> key)
      throws Refusal, IOException {
    if (certificate.isPresent() && key.isPresent()) {
      Optional<String> why = endorsements.refuseDevice(purpose, certificate.get(), key.get());
      if (why.isPresent()) {
        throw IdentityRules.invalid(name + ": " + why.get());
      }
    }
  }

  /** What is known of a node when its registration is looked at. */
  private record Known(Optional<Row> active, Optional<Row> candidate) {
    /** The record whose identity binds: the proven one, else the one that came first. */
    Optional<Row> row() {
      return active.or(() -> candidate);
    }
  }

  private Known known(Handle handle, NodeId id) {
    return new Known(
        table.row(handle, id.value(), true),
        table.row(handle, id.value(), false).filter(this::hasClaim));
  }

  /** An unproven record holds its id only for a while: else anyone could reserve any id. */
  private boolean hasClaim(Row candidate) {
    return clock.instant().isBefore(candidate.registeredAt().plus(claimLifetime));
  }

  private Row candidate(
      NodeId id,
      Registration sent,
      Known known,
      Identity identity,
      Endorsement endorsement,
      Bytes sealedKey) {
    Optional<Contact> before = known.row().map(Row::contact);
    Contact contact =
        new Contact(
            sent.ip().or(() -> before.flatMap(Contact::ip)),
            sent.port().or(() -> before.flatMap(Contact::port)),
            sent.mtlsCert().map(c -> c.wire()).or(() -> before.flatMap(Contact::mtlsCert)));
    long count =
        Math.max(
            known.active().map(Row::regcount).orElse(0L),
            known.candidate().map(Row::regcount).orElse(0L));
    Instant since = known.row().map(Row::registeredAt).orElseGet(clock::instant);
    return new Row(
        id.value(),
        false,
        identity,
        contact,
        endorsement,
        sent.namesIdentity() ? count + 1 : count,
        Optional.of(sealedKey),
        since);
  }

  /** Stores the candidate, unless the node's record changed meanwhile. */
  private boolean store(Known known, Row candidate) throws Refusal {
    String outcome =
        database.write(
            h -> {
              if (!known(h, new NodeId(candidate.id())).equals(known)) {
                return "changed";
              }
              if (known.row().isEmpty() && isFull(h)) {
                return "full";
              }
              table.put(h, candidate);
              return "stored";
            });
    if (outcome.equals("full")) {
      throw new Refusal(503, "Too many registrations wait for their activation");
    }
    return outcome.equals("stored");
  }

  private boolean isFull(Handle handle) {
    if (table.candidates(handle, maxCandidates) < maxCandidates) {
      return false;
    }
    int forgotten = table.forgetCandidatesBefore(handle, clock.instant().minus(claimLifetime));
    return forgotten == 0;
  }

  /**
   * Makes a candidate the active record if {@code authTag} shows that its TPM opened the challenge.
   * A wrong tag is told nothing, leaves an active record and its candidate as they are, and a node
   * that never was active without any record (T13, attack 28).
   */
  void activate(NodeId id, String authTag) throws Refusal {
    Row candidate =
        database
            .read(h -> table.row(h, id.value(), false))
            .orElseThrow(() -> refuse(new Refusal(404, "Agent with ID '" + id + "' not found")));
    boolean opened = opened(candidate, id, authTag);
    boolean done =
        database.write(
            h -> {
              Optional<Row> now = table.row(h, id.value(), false);
              if (!now.equals(Optional.of(candidate))) {
                return false;
              }
              Optional<Row> active = table.row(h, id.value(), true);
              if (opened || active.isEmpty()) {
                table.delete(h, id.value(), false);
              }
              if (!opened) {
                return false;
              }
              table.put(h, activeOf(candidate, active));
              if (active.isEmpty()) {
                audit.record(
                    h,
                    "node " + id,
                    "activate",
                    id.value(),
                    "identity " + candidate.identity().digest(id.value()).hex());
              }
              return true;
            });
    if (!opened || !done) {
      throw refuse(new Refusal(400, "auth_tag does not prove this registration"), id);
    }
    activated.increment();
    LOG.info(
        "{} is active ({})", id, candidate.endorsement().trusted() ? "endorsed" : "not endorsed");
  }

  private boolean opened(Row candidate, NodeId id, String authTag) {
    if (candidate.sealedKey().isEmpty()) {
      return false;
    }
    try (var secret = sealer.open(candidate.sealedKey().get(), context(id))) {
      return new Challenge(secret).answeredBy(authTag, id);
    } catch (SealBroken e) {
      LOG.error("the challenge of {} does not open", id, e);
      return false;
    }
  }

  private static Row activeOf(Row candidate, Optional<Row> before) {
    return new Row(
        candidate.id(),
        true,
        candidate.identity(),
        candidate.contact(),
        candidate.endorsement(),
        candidate.regcount(),
        Optional.empty(),
        before.map(Row::registeredAt).orElse(candidate.registeredAt()));
  }

  /** Whether a candidate waits for its proof. */
  boolean hasCandidate(NodeId id) {
    return database.read(h -> table.row(h, id.value(), false)).isPresent();
  }

  /** The explicit, audited act that lets another TPM register under the id (T15). */
  boolean delete(NodeId id, Caller by) {
    return database.write(
        h -> {
          Optional<Row> active = table.row(h, id.value(), true);
          boolean candidate = table.delete(h, id.value(), false);
          boolean any = table.delete(h, id.value(), true) || candidate;
          if (any) {
            audit.record(
                h,
                by.label(),
                "delete registration",
                id.value(),
                active
                    .map(row -> "identity " + row.identity().digest(id.value()).hex())
                    .orElse("was not active"));
          }
          return any;
        });
  }

  private Refusal refuse(Refusal refusal, NodeId id) {
    LOG.warn("{} refused: {}", id, Encoding.printable(String.valueOf(refusal.getMessage()), 300));
    return refuse(refusal);
  }

  private Refusal refuse(Refusal refusal) {
    refused.increment();
    return refusal;
  }

  private static String context(NodeId id) {
    return "registration.sealed_key " + id;
  }

  @Override
  public String name() {
    return "registrar";
  }

  @Override
  public List<Route> routes() {
    return new RegistrarRoutes(this, table).all();
  }

  @Override
  public void start() {}

  @Override
  public String metrics() {
    return "limestone_registrations_total "
        + registered.sum()
        + "\nlimestone_activations_total "
        + activated.sum()
        + "\nlimestone_registrations_refused_total "
        + refused.sum()
        + "\n";
  }

  @Override
  public void close() {}
}
