package io.limestone.server.verifier;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ReferenceValues;
import io.limestone.appraisal.Verdict;
import io.limestone.policy.PolicyRefusedException;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.nodes.NodeStateJson;
import io.limestone.server.store.Database;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /limestone/v1/try}: judges the evidence kept of each node by a draft, with the same
 * appraisal that polling uses. Some seconds' worth of nodes at a time; {@code next} says where to
 * go on. One at a time, on one core: polling has the others.
 */
final class TryRoutes {
  private static final long PAGE = TimeUnit.SECONDS.toNanos(10);
  private static final int MOST_CAUSES = 1000;
  private static final int NODES_NAMED = 100;

  private final Database database;
  private final Policies policies;
  private final References references;
  private final KeptEvidence evidence;
  private final Fleet fleet;
  private final Appraisers appraisers;
  private final boolean signed;
  private final Semaphore place = new Semaphore(1, true);

  TryRoutes(
      Database database,
      Policies policies,
      References references,
      KeptEvidence evidence,
      Fleet fleet,
      Appraisers appraisers,
      boolean signed) {
    this.database = database;
    this.policies = policies;
    this.references = references;
    this.evidence = evidence;
    this.fleet = fleet;
    this.appraisers = appraisers;
    this.signed = signed;
  }

  List<Route> routes() {
    return List.of(
        Route.of(
            Method.POST,
            "/limestone/v1/try",
            Access.ADMIN,
            request -> {
              if (!place.tryAcquire(10, TimeUnit.SECONDS)) {
                return Response.error(503, "busy with another trial");
              }
              try {
                return page(request.json());
              } catch (PolicyRefusedException e) {
                return Response.error(e.status(), String.valueOf(e.getMessage()));
              } finally {
                place.release();
              }
            }));
  }

  /** What is tried: one of the two is there. */
  private record Draft(
      Policies.Kind kind, Optional<RuntimePolicy> runtime, Optional<BootPolicy> boot) {
    ReferenceValues instead(Enrolled node, ReferenceValues of, References references) {
      return switch (kind) {
        case RUNTIME ->
            references.values(node, runtime.map(p -> References.withKeys(node, p)), of.boot());
        case BOOT -> references.values(node, of.runtime(), boot);
      };
    }
  }

  private Response page(JsonObject body) throws InterruptedException {
    Policies.Kind kind = RolloutRoutes.kind(body.optionalString("kind").orElse("runtime"));
    Draft draft = draft(kind, body);
    String after = body.optionalString("after").orElse("");
    List<Watched> nodes =
        NodesAsked.of(body).in(fleet, kind).stream()
            .filter(n -> id(n).compareTo(after) > 0)
            .toList();
    Findings findings = new Findings();
    long end = System.nanoTime() + PAGE;
    int done = 0;
    while (done < nodes.size() && (done == 0 || System.nanoTime() < end)) {
      findings.add(nodes.get(done), judge(nodes.get(done), draft));
      done++;
    }
    Map<String, @Nullable Object> json = findings.json();
    json.put("left", nodes.size() - done);
    json.put("next", done < nodes.size() ? id(nodes.get(done - 1)) : null);
    return Response.ok(json);
  }

  private Draft draft(Policies.Kind kind, JsonObject body) {
    Optional<String> stored = body.optionalString("stored");
    String text;
    if (stored.isPresent()) {
      String name = PolicyText.name(stored.get());
      text =
          database
              .read(
                  h ->
                      body.optionalInteger("version")
                          .map(n -> policies.text(h, kind, name, n))
                          .orElseGet(() -> policies.text(h, kind, name)))
              .orElseThrow(
                  () -> new MalformedException("there is no such " + kind.words() + ": " + name));
    } else {
      text = RolloutRoutes.content(kind, body, signed).text();
    }
    return switch (kind) {
      case RUNTIME ->
          new Draft(
              kind, Optional.of(former(body, RuntimePolicy.parse(utf8(text)))), Optional.empty());
      case BOOT -> new Draft(kind, Optional.empty(), references.bootPolicy(text));
    };
  }

  /** With leave, files that the policy {@code replacing} lists may have run until replaced. */
  private RuntimePolicy former(JsonObject body, RuntimePolicy draft) {
    Optional<String> replacing = body.optionalString("replacing");
    return replacing
        .map(
            name ->
                draft.after(
                    RuntimePolicy.parse(
                        utf8(
                            database
                                .read(h -> policies.text(h, Policies.Kind.RUNTIME, name))
                                .orElseThrow(
                                    () -> new MalformedException("no runtime policy " + name))))))
        .orElse(draft);
  }

  private static Bytes utf8(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String id(Watched node) {
    return node.enrolled().id().value();
  }

  /** What came out for one node; the verdict is absent where no evidence of it is kept. */
  private record Outcome(Optional<Instant> at, Optional<Verdict> verdict) {}

  private Outcome judge(Watched node, Draft draft) throws InterruptedException {
    Optional<KeptEvidence.Kept> kept;
    try {
      kept = evidence.of(node.enrolled().id());
    } catch (MalformedException e) {
      kept = Optional.empty(); // not what was kept: as good as none, and said so
    }
    if (kept.isEmpty()) {
      return new Outcome(Optional.empty(), Optional.empty());
    }
    KeptEvidence.Kept one = kept.get();
    ReferenceValues reference =
        draft.instead(node.enrolled(), references.of(node).values(), references);
    Verdict verdict =
        appraisers.judging(
            Integer.MAX_VALUE,
            () -> Appraisal.appraise(one.evidence(), reference, AttestationState.NONE));
    return new Outcome(Optional.of(one.at()), Optional.of(verdict));
  }

  /** Nodes by what they fail on: five thousand with the same missing file are one line. */
  private static final class Findings {
    private final Map<String, Cause> causes = new LinkedHashMap<>();
    private final List<String> failing = new ArrayList<>();
    private final List<String> without = new ArrayList<>();
    private Optional<Instant> oldest = Optional.empty();
    private int passes;
    private int fails;
    private int unknown;
    private int unsaid;

    private static final class Cause {
      private final Failure failure;
      private final List<String> nodes = new ArrayList<>();
      private int count;

      Cause(Failure failure) {
        this.failure = failure;
      }
    }

    void add(Watched node, Outcome outcome) {
      outcome
          .at()
          .ifPresent(at -> oldest = oldest.filter(o -> o.isBefore(at)).or(() -> outcome.at()));
      if (outcome.verdict().isEmpty()) {
        unknown++;
        name(without, node);
        return;
      }
      switch (outcome.verdict().get()) {
        case Verdict.Trusted t -> passes++;
        case Verdict.AskAgain a -> {
          unknown++;
          name(without, node);
        }
        case Verdict.Untrusted untrusted -> {
          fails++;
          name(failing, node);
          Map<String, Failure> each = new HashMap<>();
          untrusted.failures().forEach(f -> each.putIfAbsent(key(f), f));
          each.forEach((key, failure) -> cause(key, failure, node));
        }
      }
    }

    private void cause(String key, Failure failure, Watched node) {
      if (!causes.containsKey(key) && causes.size() == MOST_CAUSES) {
        unsaid++;
        return;
      }
      Cause cause = causes.computeIfAbsent(key, k -> new Cause(failure));
      cause.count++;
      name(cause.nodes, node);
    }

    private static void name(List<String> list, Watched node) {
      if (list.size() < NODES_NAMED) {
        list.add(id(node));
      }
    }

    /** The same cause on two nodes: their entry numbers differ. */
    private static String key(Failure failure) {
      JsonObject context = failure.context();
      return failure.eventId()
          + "\n"
          + (context.has("path")
              ? context.members().get("path") + "\n" + context.members().get("digest")
              : failure.check() + "\n" + failure.found());
    }

    Map<String, @Nullable Object> json() {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("would_pass", passes);
      json.put("would_fail", fails);
      json.put("no_evidence", unknown);
      json.put("failing", failing);
      json.put("without_evidence", without);
      json.put("oldest_evidence_ms", oldest.map(Instant::toEpochMilli).orElse(null));
      json.put(
          "causes",
          causes.entrySet().stream()
              .sorted(Comparator.comparing(e -> -e.getValue().count))
              .map(
                  e -> {
                    Map<String, Object> cause = new LinkedHashMap<>();
                    cause.put("cause", e.getKey());
                    cause.put("count", e.getValue().count);
                    cause.put("nodes", e.getValue().nodes);
                    cause.put("failure", NodeStateJson.toJson(e.getValue().failure));
                    return cause;
                  })
              .toList());
      json.put("causes_not_told", unsaid);
      return json;
    }
  }
}
