package io.limestone.server.verifier;

import io.limestone.keylime.OperationalState;
import io.limestone.keylime.RuntimePolicyUpload;
import io.limestone.policy.PolicyRefusedException;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.nodes.Phase;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The steps of a policy's way to the nodes (docs/policy-lifecycle.md): a candidate that is judged
 * beside the version enforced, the share of the nodes that it decides for, and the way back.
 */
final class RolloutRoutes {
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
        Route.of(Method.POST, one + "/audit", Access.ADMIN, r -> change(r, this::audit)),
        Route.of(Method.POST, one + "/canary", Access.ADMIN, r -> change(r, this::canary)),
        Route.of(Method.POST, one + "/enforce", Access.ADMIN, r -> change(r, this::enforce)),
        Route.of(Method.POST, one + "/rollback", Access.ADMIN, r -> change(r, this::rollback)));
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
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("done", done.get());
    json.put("halted", halted(kind, name));
    return Response.ok(json);
  }

  /**
   * Nodes that were refused by versions that decide for them no more, and are not asked again by
   * themselves.
   */
  private List<String> halted(Policies.Kind kind, String name) {
    return fleet.users(kind, name).stream()
        .filter(node -> node.state().operationalState() == OperationalState.INVALID_QUOTE)
        .filter(node -> node.state().phase() instanceof Phase.Halted)
        .filter(
            node ->
                node.state()
                    .incident()
                    .filter(i -> !references.decideNow(node, i.by()))
                    .isPresent())
        .map(node -> node.enrolled().id().value())
        .limit(HistoryRoutes.MOST_NODES)
        .toList();
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
    policies.propose(h, wish.kind(), wish.name(), number, replacing(wish), wish.by().at());
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
    policies.share(h, wish.kind(), wish.name(), (int) percent, group, wish.by().at());
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
    Optional<Long> former =
        asTried || replacing(wish) ? Optional.of(wish.standing().version()) : Optional.empty();
    policies.enforce(h, wish.kind(), wish.name(), number, former, wish.by().at());
    return "version " + number + " is enforced, instead of " + wish.standing().version();
  }

  /**
   * What is being rolled out goes; where nothing is, the version before is enforced again, as it
   * was: with the files that might have run until they were replaced, or it would refuse every node
   * that was updated while it ran.
   */
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
    Optional<Long> former = policies.former(h, wish.kind(), wish.name(), number);
    policies.enforce(h, wish.kind(), wish.name(), number, former, wish.by().at());
    return "back from version "
        + wish.standing().version()
        + " to version "
        + number
        + former
            .map(f -> ", which accepts replaced files of version " + f + " as it did before")
            .orElse("");
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

  static Response missing(Policies.Kind kind, String name) {
    return Response.error(404, "there is no " + kind.words() + " " + name);
  }
}
