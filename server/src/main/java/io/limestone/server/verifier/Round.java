package io.limestone.server.verifier;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Candidate;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ImaProgress;
import io.limestone.appraisal.Verdict;
import io.limestone.evidence.ImaSlice;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.Nonce;
import io.limestone.keylime.QuoteReply;
import io.limestone.keylime.QuoteRequest;
import io.limestone.keylime.TransportKey;
import io.limestone.keylime.Versions;
import io.limestone.policy.RuntimePolicy;
import io.limestone.server.nodes.Ask;
import io.limestone.server.nodes.LifeCycle;
import io.limestone.server.nodes.NodeState;
import io.limestone.server.nodes.Occurrence;
import io.limestone.server.nodes.Phase;
import io.limestone.server.nodes.Tally;
import io.limestone.server.nodes.Trial;
import io.limestone.server.store.Database;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import io.vertx.core.http.HttpMethod;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request to a node and what it leads to: attestation, or the release of V. Blocking, each on a
 * virtual thread of its own.
 */
final class Round {
  /** An IMA list of some 500,000 entries, twice. */
  static final int LONGEST_ANSWER = 128 * 1024 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(Round.class);
  private static final int SHORT_ANSWER = 64 * 1024;
  private static final byte[] NO_BODY = new byte[0];

  private final AgentClient client;
  private final Database database;
  private final NodeStore store;
  private final References references;
  private final Appraisers appraisers;
  private final KeptEvidence kept;
  private final Learnings learnings;
  private final SecureRandom random;
  private final Duration timeout;
  private final Counters counters;

  Round(
      AgentClient client,
      Database database,
      NodeStore store,
      References references,
      Appraisers appraisers,
      KeptEvidence kept,
      Learnings learnings,
      SecureRandom random,
      Duration timeout,
      Counters counters) {
    this.client = client;
    this.database = database;
    this.store = store;
    this.references = references;
    this.appraisers = appraisers;
    this.kept = kept;
    this.learnings = learnings;
    this.random = random;
    this.timeout = timeout;
    this.counters = counters;
  }

  /** Does what is due for the node. Never throws: whatever goes wrong is not trusted. */
  @SuppressWarnings("CatchingUnchecked") // the one supervised edge of polling
  void run(Fleet fleet, Watched node) {
    try {
      NodeState state = fleet.apply(node, new Occurrence.Begun(), Fleet.Alongside.NOTHING).next();
      if (node.gone() || !(state.phase() instanceof Phase.Asking asking)) {
        return;
      }
      Occurrence.Answer answer = ask(node, state, asking);
      counters.count(answer);
      fleet.apply(node, answer, Fleet.Alongside.NOTHING);
    } catch (InterruptedException e) {
      Thread.currentThread()
          .interrupt(); // the server ends; the node is due again at the next start
    } catch (Exception e) {
      LOG.error(
          "node {}: the answer's consequences are lost; asked again", node.enrolled().id(), e);
      fleet.lost(node);
    } catch (StackOverflowError | OutOfMemoryError e) {
      fleet.lost(node); // or nobody would ever ask it again
      throw e;
    }
  }

  private Occurrence.Answer ask(Watched node, NodeState state, Phase.Asking asking)
      throws InterruptedException {
    try {
      return switch (asking.task()) {
        case ATTEST -> attest(node, state, asking.tries() > 0);
        case FIND -> attest(node, state, true);
        case RELEASE_V -> releaseV(node, state, asking.tries() > 0);
      };
    } catch (MalformedException e) {
      return new Occurrence.Unusable(state.cycle(), message(e));
    } catch (JdbiException e) {
      throw e; // the database's trouble, not the node's: it is asked again
    } catch (RuntimeException e) {
      LOG.error("node {}: defect while it was asked", node.enrolled().id(), e);
      return new Occurrence.Defect(state.cycle(), e.getClass().getSimpleName());
    }
  }

  private Occurrence.Answer attest(Watched node, NodeState state, boolean suspect)
      throws InterruptedException {
    Ask ask = state.ask();
    References.Edition edition;
    try {
      edition = references.of(node);
    } catch (MalformedException e) {
      LOG.error("node {}: a policy of it cannot be read", node.enrolled().id(), e);
      return new Occurrence.Defect(
          state.cycle(), "a policy that is stored cannot be used any more: " + message(e));
    }
    boolean whole =
        ask == Ask.ALL
            || !edition.basis().equals(state.basis())
            || !kept.continues(node.enrolled().id(), state.appraisal().nextImaEntry())
            || !learnings.continues(node.enrolled(), state.appraisal().nextImaEntry());
    AttestationState before = whole ? fromStart(state.appraisal()) : state.appraisal();
    Nonce nonce = Nonce.random(random);
    QuoteRequest request =
        new QuoteRequest(
            nonce, node.enrolled().pcrs().mask().orElse(0), ask == Ask.NEXT, before.nextImaEntry());
    String uri = state.version().path() + "/quotes/integrity?" + request.query();
    Exchange exchange =
        client.exchange(
            node.enrolled().peer(), HttpMethod.GET, uri, NO_BODY, timeout, LONGEST_ANSWER, suspect);
    if (!(exchange instanceof Exchange.Reply reply)) {
      return other(node, state, exchange, suspect);
    }
    try {
      return reply.status() == 200
          ? appraisers.judging(
              reply.body().size(), () -> judge(node, reply.body(), nonce, edition, before, state))
          : other(node, state, reply, suspect);
    } finally {
      reply.release();
    }
  }

  private Occurrence.Answer judge(
      Watched node,
      LongBytes body,
      Nonce nonce,
      References.Edition edition,
      AttestationState before,
      NodeState state) {
    QuoteReply.Body answer = QuoteReply.Body.of(body);
    QuoteReply reply;
    try {
      reply = answer.reply();
    } catch (MalformedException e) {
      return unreadable(answer.results(), e, edition, before, state);
    }
    Evidence evidence =
        new Evidence(
            nonce.text(),
            reply.hashAlg(),
            reply.encAlg(),
            reply.signAlg(),
            reply.quote(),
            reply.publicKeyPem(),
            reply.ima().map(list -> new ImaSlice(list.text(), list.firstEntry())),
            reply.bootLog(),
            reply.bootTime().map(OptionalLong::of).orElseGet(OptionalLong::empty));
    Appraisal.Judgement judgement = appraise(evidence, edition, before, state);
    keep(node, evidence, before, judgement, edition);
    return new Occurrence.Judged(
        state.cycle(),
        state.ask(),
        judgement.verdict(),
        new Tally.Algorithms(word(reply.hashAlg()), word(reply.encAlg()), word(reply.signAlg())),
        new Occurrence.By(
            edition.basis(), edition.decides(), trial(edition, state, judgement.tried())));
  }

  /** Whatever goes wrong with keeping evidence or learning from it, the verdict stands. */
  private void keep(
      Watched node,
      Evidence evidence,
      AttestationState before,
      Appraisal.Judgement judgement,
      References.Edition edition) {
    try {
      kept.keep(node.enrolled().id(), evidence, before, judgement);
    } catch (RuntimeException e) {
      LOG.error("node {}: its evidence is not kept", node.enrolled().id(), e);
    }
    try {
      HashAlg logHash = edition.values().runtime().map(RuntimePolicy::logHash).orElse(HashAlg.SHA1);
      learnings.observe(node.enrolled(), evidence, before, judgement, logHash);
    } catch (RuntimeException e) {
      LOG.error("node {}: nothing is learnt from its evidence", node.enrolled().id(), e);
    }
  }

  private static Appraisal.Judgement appraise(
      Evidence evidence, References.Edition edition, AttestationState before, NodeState state) {
    if (edition.trial().isEmpty()) {
      return Appraisal.judge(evidence, edition.values(), before);
    }
    Candidate candidate = edition.trial().get().candidate();
    return Appraisal.judge(
        evidence,
        edition.values(),
        before,
        known(edition, state).map(t -> candidate.at(t.progress())).orElse(candidate));
  }

  /** What was found so far, if that was by the same policies. */
  private static Optional<Trial> known(References.Edition edition, NodeState state) {
    return state.trial().filter(t -> state.basis().equals(edition.basis()));
  }

  private static Optional<Trial> trial(
      References.Edition edition, NodeState state, Optional<Candidate.Result> result) {
    Optional<Trial> known = known(edition, state);
    return edition
        .trial()
        .flatMap(
            tried ->
                result
                    .map(
                        r ->
                            known
                                .map(t -> t.and(r, edition.at()))
                                .orElseGet(() -> Trial.of(tried.policies(), r, edition.at())))
                    .or(() -> known));
  }

  /**
   * An answer without a quote, or whose quote has three parts that decode but is none, is bad
   * evidence; everything else is no answer of this protocol (pull-protocol.md §4.2 and rows 56,
   * 58).
   */
  private static Occurrence.Answer unreadable(
      JsonObject results,
      MalformedException e,
      References.Edition edition,
      AttestationState before,
      NodeState state) {
    boolean missing = !results.has("quote");
    if (!missing && !threeParts(results)) {
      throw e;
    }
    Failure failure =
        Failure.of(
            missing ? "qoute_validation.invalid_data" : "qoute_validation.quote_validation",
            false,
            edition.values().severity(),
            "structure of the quote",
            message(e),
            "a quote as the TPM makes it",
            "look at the agent's version and log; if the node was not updated, treat it as hostile");
    return new Occurrence.Judged(
        state.cycle(),
        state.ask(),
        new Verdict.Untrusted(List.of(failure), before),
        new Tally.Algorithms("", "", ""),
        new Occurrence.By(edition.basis(), edition.decides(), known(edition, state)));
  }

  private static boolean threeParts(JsonObject results) {
    try {
      String quote = results.string("quote");
      String[] parts = quote.split(":", -1);
      if (!quote.startsWith("r") || parts.length != 3) {
        return false;
      }
      return Encoding.unbase64(parts[0].substring(1)).length > 0
          && Encoding.unbase64(parts[1]).length > 0
          && Encoding.unbase64(parts[2]).length > 0;
    } catch (MalformedException e) {
      return false;
    }
  }

  private Occurrence.Answer releaseV(Watched node, NodeState state, boolean suspect)
      throws InterruptedException {
    Optional<String> pem = state.appraisal().publicKeyPem();
    Optional<String> unfit = node.enrolled().ak().whyNotAttestationKey();
    if (pem.isEmpty() || unfit.isPresent()) {
      return new Occurrence.Defect(
          state.cycle(), "V is not released: " + unfit.orElse("no key was proven"));
    }
    byte[] body;
    try (Secret v = database.read(h -> store.v(h, node.enrolled().id())).orElse(null)) {
      if (v == null) {
        return new Occurrence.Defect(state.cycle(), "V is gone");
      }
      body =
          Json.bytes(
              new KeyDelivery.V(TransportKey.wrap(TransportKey.parse(pem.get()), v)).toJson());
    }
    Exchange exchange =
        client.exchange(
            node.enrolled().peer(),
            HttpMethod.POST,
            state.version().path() + "/keys/vkey",
            body,
            timeout,
            SHORT_ANSWER,
            suspect);
    return exchange instanceof Exchange.Reply reply && reply.status() == 200
        ? new Occurrence.VDelivered(state.cycle(), LifeCycle.keyHash(pem.get()))
        : other(node, state, exchange, suspect);
  }

  /** What is no success, for both tasks (pull-protocol.md §4.2). */
  private Occurrence.Answer other(Watched node, NodeState state, Exchange exchange, boolean suspect)
      throws InterruptedException {
    return switch (exchange) {
      case Exchange.Silence(String why) -> new Occurrence.NoAnswer(state.cycle(), why);
      case Exchange.TooLong(String why) -> new Occurrence.Unusable(state.cycle(), why);
      case Exchange.Reply reply -> {
        String text = statusText(reply.body());
        if (reply.status() == 400 && text.contains("API version not supported")) {
          yield negotiate(node, state, suspect);
        }
        yield reply.status() == 408 || reply.status() == 500
            ? new Occurrence.NoAnswer(state.cycle(), "HTTP status " + reply.status())
            : new Occurrence.Refused(state.cycle(), reply.status(), text);
      }
    };
  }

  private Occurrence.Answer negotiate(Watched node, NodeState state, boolean suspect)
      throws InterruptedException {
    Exchange exchange =
        client.exchange(
            node.enrolled().peer(),
            HttpMethod.GET,
            "/version",
            NO_BODY,
            timeout,
            SHORT_ANSWER,
            suspect);
    return switch (exchange) {
      case Exchange.Silence(String why) -> new Occurrence.NoAnswer(state.cycle(), why);
      case Exchange.TooLong(String why) -> new Occurrence.Unusable(state.cycle(), why);
      case Exchange.Reply reply when reply.status() == 200 -> common(reply.body().toArray(), state);
      case Exchange.Reply reply ->
          new Occurrence.NotNegotiable(
              state.cycle(), "GET /version answers HTTP status " + reply.status());
    };
  }

  private static Occurrence.Answer common(byte[] body, NodeState state) {
    Versions theirs = Versions.fromAgentJson(Envelope.parse(body).content());
    return ApiVersion.highestCommon(ApiVersion.SERVED, theirs.supported())
        .<Occurrence.Answer>map(version -> new Occurrence.Negotiated(state.cycle(), version))
        .orElseGet(
            () ->
                new Occurrence.NotNegotiable(
                    state.cycle(), "it speaks " + theirs.supported() + " only"));
  }

  /**
   * The envelope's text, or nothing if the body is no envelope or a long one: it is only shown and
   * matched.
   */
  private static String statusText(LongBytes body) {
    if (body.size() > SHORT_ANSWER) {
      return "";
    }
    try {
      return Encoding.printable(Envelope.parse(body.toArray()).status(), 200);
    } catch (MalformedException e) {
      return "";
    }
  }

  private static AttestationState fromStart(AttestationState state) {
    return new AttestationState(
        state.clock(), state.publicKeyPem(), ImaProgress.NONE, state.bootTime());
  }

  private static String word(String declared) {
    return Encoding.printable(declared, 40);
  }

  private static String message(MalformedException e) {
    return Encoding.printable(String.valueOf(e.getMessage()), 300);
  }
}
