package io.limestone.server.verifier;

import io.limestone.appraisal.Failure;
import io.limestone.keylime.RuntimePolicyUpload;
import io.limestone.policy.PolicyRefusedException;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.nodes.NodeStateJson;
import io.limestone.server.nodes.Trial;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A policy's way to the nodes (docs/policy-lifecycle.md): versions, a candidate that is judged
 * beside the version enforced, the share of the nodes that it decides for, and the way back.
 */
final class RolloutRoutes {
  private static final int MOST_NODES = 1000;

  private final Database database;
  private final Policies policies;
  private final References references;
  private final Fleet fleet;
  private final AuditLog audit;
  private final InstantSource clock;
  private final boolean signed;

  RolloutRoutes(
      Database database,
      Policies policies,
      References references,
      Fleet fleet,
      AuditLog audit,
      InstantSource clock,
      boolean signed) {
    this.database = database;
    this.policies = policies;
    this.references = references;
    this.fleet = fleet;
    this.audit = audit;
    this.clock = clock;
    this.signed = signed;
  }

  List<Route> routes() {
    String one = "/limestone/v1/policies/{kind}/{name}";
    return List.of(
        Route.of(Method.GET, one, Access.ADMIN, this::show),
        Route.of(Method.GET, one + "/versions/{number}", Access.ADMIN, this::version),
        Route.of(Method.POST, one + "/audit", Access.ADMIN, r -> change(r, this::audit)),
        Route.of(Method.POST, one + "/canary", Access.ADMIN, r -> change(r, this::canary)),
        Route.of(Method.POST, one + "/enforce", Access.ADMIN, r -> change(r, this::enforce)),
        Route.of(Method.POST, one + "/rollback", Access.ADMIN, r -> change(r, this::rollback)),
        Route.of(Method.GET, "/limestone/v1/audit", Access.ADMIN, this::log));
  }

  static Policies.Kind kind(String word) {
    return switch (word) {
      case "runtime" -> Policies.Kind.RUNTIME;
      case "boot" -> Policies.Kind.BOOT;
      default -> throw new MalformedException("a policy's kind is runtime or boot");
    };
  }

  /** A number of the path or of the query. */
  static long number(String text) {
    if (!text.matches("[0-9]{1,9}")) {
      throw new MalformedException("no number: " + Encoding.printable(text, 40));
    }
    return Long.parseLong(text);
  }

  private Response show(Request request) {
    Policies.Kind kind = kind(request.parameter("kind"));
    String name = PolicyText.name(request.parameter("name"));
    record Found(Policies.Standing standing, List<Policies.Version> versions) {}
    Optional<Found> found =
        database.read(
            h ->
                policies
                    .standing(h, kind, name)
                    .map(s -> new Found(s, policies.versions(h, kind, name))));
    if (found.isEmpty()) {
      return missing(kind, name);
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("kind", request.parameter("kind"));
    json.put("name", name);
    Policies.Standing standing = found.get().standing();
    json.put("enforced", standing.version());
    json.put("candidate", standing.candidate().map(Policies.Candidate::version).orElse(null));
    json.put("canary_percent", standing.share());
    json.put("canary_group", standing.group().orElse(null));
    json.put("versions", found.get().versions().stream().map(RolloutRoutes::json).toList());
    json.putAll(nodes(kind, name, standing));
    return Response.ok(json);
  }

  private static Map<String, Object> json(Policies.Version version) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", version.number());
    json.put("digest", version.digest());
    json.put("length", version.length());
    json.put("at_ms", version.by().at().toEpochMilli());
    json.put("who", version.by().actor());
    json.put("why", version.by().why());
    version.enforced().ifPresent(at -> json.put("enforced_ms", at.toEpochMilli()));
    return json;
  }

  /** The nodes that use it, and what the candidate finds of those it does not decide for. */
  private Map<String, Object> nodes(Policies.Kind kind, String name, Policies.Standing standing) {
    List<String> canaries = new ArrayList<>();
    List<Object> wouldFail = new ArrayList<>();
    int passes = 0;
    int fails = 0;
    int waiting = 0;
    List<Watched> users = fleet.users(kind, name);
    for (Watched node : users) {
      if (standing.candidate().isEmpty()) {
        break;
      }
      if (standing.isCanary(node.enrolled(), name)) {
        canaries.add(node.enrolled().id().value());
        continue;
      }
      Optional<Trial> trial = trial(node);
      if (trial.isEmpty()) {
        waiting++;
      } else if (trial.get().passes()) {
        passes++;
      } else {
        fails++;
        if (wouldFail.size() < MOST_NODES) {
          wouldFail.add(wouldFail(node, trial.get()));
        }
      }
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("nodes", users.size());
    json.put("canaries", canaries);
    json.put("would_pass", passes);
    json.put("would_fail", fails);
    json.put("not_judged", waiting);
    json.put("failing", wouldFail);
    return json;
  }

  /** What was found by exactly the policies of now. */
  private Optional<Trial> trial(Watched node) {
    String basis = references.of(node).basis();
    return node.state().basis().equals(basis) ? node.state().trial() : Optional.empty();
  }

  private static Map<String, Object> wouldFail(Watched node, Trial trial) {
    Failure first = trial.failures().getFirst();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", node.enrolled().id().value());
    json.put("failures", trial.failures().size());
    json.put("first", NodeStateJson.toJson(first));
    return json;
  }

  private Response version(Request request) {
    Policies.Kind kind = kind(request.parameter("kind"));
    String name = PolicyText.name(request.parameter("name"));
    long number = number(request.parameter("number"));
    return database
        .read(h -> policies.text(h, kind, name, number))
        .map(text -> Response.ok(Map.of("name", name, "version", number, "content", text)))
        .orElseGet(
            () -> Response.error(404, kind.words() + " " + name + " has no version " + number));
  }

  /** What a request wants to change. */
  private record Wish(
      Policies.Kind kind,
      String name,
      JsonObject body,
      Policies.Standing standing,
      Policies.By by) {}

  /** Makes a change; what it returns is for the audit log, the timeline, and the one who asked. */
  @FunctionalInterface
  private interface Act {
    String on(Handle handle, Wish wish);
  }

  private Response change(Request request, Act act) {
    Policies.Kind kind = kind(request.parameter("kind"));
    String name = PolicyText.name(request.parameter("name"));
    JsonObject body = request.json();
    Policies.By by = by(request, body, clock);
    if (by.why().isBlank()) {
      return Response.error(400, "'why' is missing: the reason of the change, for the audit log");
    }
    Optional<String> done;
    try {
      done =
          database.write(
              h ->
                  policies
                      .standing(h, kind, name)
                      .map(
                          standing -> {
                            String what =
                                kind.words()
                                    + " "
                                    + name
                                    + ": "
                                    + act.on(h, new Wish(kind, name, body, standing, by));
                            audit.record(
                                h,
                                by.actor(),
                                "roll out " + kind.table(),
                                name,
                                what + "; why: " + by.why());
                            return what;
                          }));
    } catch (PolicyRefusedException e) {
      return Response.error(e.status(), String.valueOf(e.getMessage()));
    }
    if (done.isEmpty()) {
      return missing(kind, name);
    }
    references.changed();
    fleet.policyChanged(kind, name, done.get() + "; why: " + by.why());
    return Response.ok(Map.of("done", done.get()));
  }

  /** Who asks, and the reason in the body's {@code why}; bounded and printable. */
  static Policies.By by(Request request, JsonObject body, InstantSource clock) {
    return new Policies.By(
        request.caller().label(),
        clock.instant(),
        Encoding.printable(body.optionalString("why").orElse(""), 1000));
  }

  private String audit(Handle h, Wish wish) {
    Optional<Long> old = wish.body().optionalInteger("version");
    long number =
        old.isPresent()
            ? existing(h, wish, old.get())
            : policies.add(h, wish.kind(), wish.name(), fresh(wish), wish.by());
    policies.propose(h, wish.kind(), wish.name(), number, replacing(wish));
    return "version " + number + " is judged beside version " + wish.standing().version();
  }

  private Policies.Content fresh(Wish wish) {
    Policies.Content content = content(wish.kind(), wish.body(), signed);
    if (wish.kind() == Policies.Kind.BOOT) {
      references.requireUsable(content.text());
    }
    return content;
  }

  private String canary(Handle h, Wish wish) {
    Optional<String> group = wish.body().optionalString("group").map(Enrolled::group);
    long percent =
        group.isPresent()
            ? wish.body().optionalInteger("percent").orElse(0L)
            : wish.body().integer("percent");
    if (percent < 0 || percent > 100) {
      throw new MalformedException("percent is not from 0 to 100");
    }
    Policies.Candidate candidate =
        wish.standing()
            .candidate()
            .orElseThrow(
                () ->
                    new MalformedException(
                        "there is no candidate; begin with audit, which judges it beside the"
                            + " version enforced"));
    policies.share(h, wish.kind(), wish.name(), (int) percent, group);
    String share = percent + " % of the nodes";
    return "version "
        + candidate.version()
        + " is enforced on "
        + group
            .map(name -> "the nodes of group " + name + (percent > 0 ? " and on " + share : ""))
            .orElse(share);
  }

  private String enforce(Handle h, Wish wish) {
    long number =
        wish.body()
            .optionalInteger("version")
            .map(n -> existing(h, wish, n))
            .or(() -> wish.standing().candidate().map(Policies.Candidate::version))
            .orElseThrow(
                () -> new MalformedException("there is no candidate; which version is meant?"));
    boolean asTried =
        wish.standing()
            .candidate()
            .filter(c -> c.version() == number && c.former().isPresent())
            .isPresent();
    policies.enforce(
        h, wish.kind(), wish.name(), number, asTried || replacing(wish), wish.by().at());
    return "version " + number + " is enforced, instead of " + wish.standing().version();
  }

  /** What is being rolled out goes; where nothing is, the version before is enforced again. */
  private String rollback(Handle h, Wish wish) {
    Optional<Long> to = wish.body().optionalInteger("version");
    Optional<Policies.Candidate> candidate = wish.standing().candidate();
    if (to.isEmpty() && candidate.isPresent()) {
      policies.withdraw(h, wish.kind(), wish.name());
      return "version "
          + candidate.get().version()
          + " is withdrawn; version "
          + wish.standing().version()
          + " is enforced on all nodes";
    }
    long number = to.map(n -> existing(h, wish, n)).orElseGet(() -> before(h, wish));
    policies.enforce(h, wish.kind(), wish.name(), number, false, wish.by().at());
    return "back from version " + wish.standing().version() + " to version " + number;
  }

  /**
   * Whether files that the version enforced lists may have run until they were replaced: for nodes
   * that are updated while they run.
   */
  private static boolean replacing(Wish wish) {
    return wish.body().has("accept_replaced") && wish.body().bool("accept_replaced");
  }

  /** The version before that was enforced ever: not one that was only tried. */
  private long before(Handle h, Wish wish) {
    return policies.versions(h, wish.kind(), wish.name()).stream()
        .filter(v -> v.enforced().isPresent() && v.number() < wish.standing().version())
        .mapToLong(Policies.Version::number)
        .max()
        .orElseThrow(
            () ->
                new MalformedException(
                    "no version before "
                        + wish.standing().version()
                        + " was ever enforced; which one is meant?"));
  }

  private long existing(Handle h, Wish wish, long number) {
    if (policies.text(h, wish.kind(), wish.name(), number).isEmpty()) {
      throw new MalformedException(
          wish.kind().words() + " " + wish.name() + " has no version " + number);
    }
    return number;
  }

  /** A policy as it is uploaded, found good. */
  static Policies.Content content(Policies.Kind kind, JsonObject body, boolean signed) {
    return switch (kind) {
      case RUNTIME -> {
        RuntimePolicyUpload upload = RuntimePolicyUpload.fromJson(body);
        yield new Policies.Content(
            Enrolling.checked(upload.policy(), upload.key(), signed), upload.tpmPolicy());
      }
      case BOOT ->
          new Policies.Content(body.optionalString("mb_policy").orElse(""), Optional.empty());
    };
  }

  private Response log(Request request) {
    int most = request.query("most").map(RolloutRoutes::number).orElse(100L).intValue();
    List<AuditLog.Entry> entries =
        audit.newest(request.query("subject"), Math.clamp(most, 1, 10_000));
    return Response.ok(
        Map.of(
            "entries",
            entries.stream()
                .map(
                    e -> {
                      Map<String, Object> json = new LinkedHashMap<>();
                      json.put("at_ms", e.at().toEpochMilli());
                      json.put("who", e.actor());
                      json.put("action", e.action());
                      json.put("subject", e.subject());
                      json.put("detail", e.detail());
                      return json;
                    })
                .toList()));
  }

  private static Response missing(Policies.Kind kind, String name) {
    return Response.error(404, "there is no " + kind.words() + " " + name);
  }
}
