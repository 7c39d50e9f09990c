package io.limestone.server.verifier;

import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * {@code /limestone/v1/learnings}: what nodes run is recorded over a time, to make a policy of it
 * (docs/policy-lifecycle.md). Recording decides nothing.
 */
final class LearnRoutes {
  private static final int MOST_LEARNINGS = 100;
  private static final int PAGE = 2000;
  private static final int MOST_NODES = 1000;
  private static final Duration LONGEST = Duration.ofDays(90);

  private final Database database;
  private final Learnings learnings;
  private final Fleet fleet;
  private final AuditLog audit;
  private final InstantSource clock;

  LearnRoutes(
      Database database, Learnings learnings, Fleet fleet, AuditLog audit, InstantSource clock) {
    this.database = database;
    this.learnings = learnings;
    this.fleet = fleet;
    this.audit = audit;
    this.clock = clock;
  }

  List<Route> routes() {
    String one = "/limestone/v1/learnings/{name}";
    return List.of(
        Route.of(Method.GET, "/limestone/v1/learnings", Access.ADMIN, r -> list()),
        Route.of(Method.GET, one, Access.ADMIN, this::show),
        Route.of(Method.GET, one + "/things", Access.ADMIN, this::things),
        Route.of(Method.POST, one + "/start", Access.ADMIN, this::start),
        Route.of(Method.POST, one + "/finish", Access.ADMIN, this::finish),
        Route.of(Method.POST, one + "/discard", Access.ADMIN, this::discard));
  }

  private static String name(Request request) {
    return PolicyText.name(request.parameter("name"));
  }

  private Response start(Request request) {
    String name = name(request);
    JsonObject body = request.json();
    Policies.By by = RolloutRoutes.by(request, body, clock);
    NodesAsked asked = NodesAsked.of(body);
    long seconds = body.integer("seconds");
    if (by.why().isBlank()) {
      return reasonMissing();
    }
    if (asked.isEmpty()) {
      return Response.error(400, "of which nodes? give nodes, users_of or group");
    }
    if (seconds < 1 || seconds > LONGEST.toSeconds()) {
      return Response.error(400, "seconds: from 1 to " + LONGEST.toSeconds() + " (90 days)");
    }
    List<Watched> nodes = asked.in(fleet, Policies.Kind.RUNTIME);
    if (nodes.isEmpty()) {
      return Response.error(400, "there are no such nodes: " + asked);
    }
    Learning learning =
        new Learning(name, asked, by, by.at().plusSeconds(seconds), Optional.empty(), 0);
    Optional<Response> refused = database.write(h -> insert(h, learning));
    if (refused.isPresent()) {
      return refused.get();
    }
    learnings.begin(learning);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("until_ms", learning.until().toEpochMilli());
    json.put("nodes", nodes.size());
    json.put("unable", nodes.stream().filter(n -> !quotesIma(n)).map(LearnRoutes::id).toList());
    return Response.ok(json);
  }

  private Optional<Response> insert(Handle h, Learning learning) {
    if (LearningStore.find(h, learning.name()).isPresent()) {
      return Optional.of(
          Response.error(409, "there is a learning " + learning.name() + " already"));
    }
    if (LearningStore.all(h).size() >= MOST_LEARNINGS) {
      return Optional.of(
          Response.error(400, "there are " + MOST_LEARNINGS + " learnings: discard one first"));
    }
    LearningStore.insert(h, learning);
    audit.record(
        h,
        learning.by().actor(),
        "learn",
        learning.name(),
        "start: " + learning.nodes() + ", until " + learning.until() + why(learning.by()));
    return Optional.empty();
  }

  /** Only a node whose PCR 10 is asked for proves what it runs. */
  private static boolean quotesIma(Watched node) {
    return (node.enrolled().pcrs().mask().orElse(0) >>> 10 & 1) == 1;
  }

  private Response finish(Request request) {
    return change(
        request,
        (h, learning, by) -> {
          if (learning.ended().isEmpty()) {
            LearningStore.end(h, learning.name(), by.at());
          }
          return learning.ended().isEmpty() ? "finished" : "it had ended already";
        });
  }

  private Response discard(Request request) {
    return change(
        request,
        (h, learning, by) -> {
          LearningStore.delete(h, learning.name());
          return "discarded, with all that was learnt";
        });
  }

  /** Makes a change; what it returns is for the audit log and the one who asked. */
  @FunctionalInterface
  private interface Act {
    String on(Handle handle, Learning learning, Policies.By by);
  }

  private Response change(Request request, Act act) {
    String name = name(request);
    Policies.By by = RolloutRoutes.by(request, request.json(), clock);
    if (by.why().isBlank()) {
      return reasonMissing();
    }
    learnings.end(name);
    return database
        .write(
            h ->
                LearningStore.find(h, name)
                    .map(
                        learning -> {
                          String done = act.on(h, learning, by);
                          audit.record(h, by.actor(), "learn", name, done + why(by));
                          return done;
                        }))
        .map(done -> Response.ok(Map.of("done", done)))
        .orElseGet(() -> missing(name));
  }

  private static String why(Policies.By by) {
    return "; why: " + by.why();
  }

  private Response list() {
    learnings.flush();
    return Response.ok(
        Map.of(
            "learnings",
            database.read(
                h ->
                    LearningStore.all(h).stream()
                        .map(one -> json(one, LearningStore.counts(h, one.name())))
                        .toList())));
  }

  private Response show(Request request) {
    learnings.flush();
    record Found(Learning learning, LearningStore.Counts counts, List<LearntOf> of) {}
    Optional<Found> found =
        database.read(
            h ->
                LearningStore.find(h, name(request))
                    .map(
                        one ->
                            new Found(
                                one,
                                LearningStore.counts(h, one.name()),
                                LearningStore.nodes(h, one.name()))));
    if (found.isEmpty()) {
      return missing(name(request));
    }
    Learning learning = found.get().learning();
    Map<String, @Nullable Object> json = json(learning, found.get().counts());
    json.put("nodes", found.get().of().stream().limit(MOST_NODES).map(LearntOf::toJson).toList());
    Set<String> seen =
        found.get().of().stream().map(of -> of.node().value()).collect(Collectors.toSet());
    List<String> silent = new ArrayList<>();
    for (Watched node : fleet.all()) {
      if (learning.nodes().includes(node.enrolled(), Policies.Kind.RUNTIME)
          && !seen.contains(id(node))) {
        silent.add(id(node));
      }
    }
    json.put("nothing_of", silent.stream().limit(MOST_NODES).toList());
    return Response.ok(json);
  }

  private Map<String, @Nullable Object> json(Learning learning, LearningStore.Counts counts) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("name", learning.name());
    json.put("of", learning.nodes().toJson());
    json.put("recording", learning.runs(clock.instant()));
    json.put("since_ms", learning.by().at().toEpochMilli());
    json.put("until_ms", learning.until().toEpochMilli());
    json.put("ended_ms", learning.ended().map(Instant::toEpochMilli).orElse(null));
    json.put("who", learning.by().actor());
    json.put("why", learning.by().why());
    json.put("files", counts.files());
    json.put("keys", counts.keys());
    json.put("buffers", counts.buffers());
    json.put("violations", counts.violations());
    json.put("unsigned", counts.unsigned());
    json.put("on_one_node_only", counts.rare());
    json.put("left_out", learning.leftOut());
    return json;
  }

  private Response things(Request request) {
    learnings.flush();
    String name = name(request);
    String after = request.query("after").orElse("");
    if (!after.matches("([0-9a-f]{64})?")) {
      throw new MalformedException("after: not the 'next' of a page");
    }
    Optional<List<LearningStore.Row>> rows =
        database.read(
            h -> LearningStore.find(h, name).map(one -> LearningStore.page(h, name, after, PAGE)));
    if (rows.isEmpty()) {
      return missing(name);
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("things", rows.get().stream().map(LearnRoutes::json).toList());
    json.put("next", rows.get().size() < PAGE ? null : rows.get().getLast().key());
    return Response.ok(json);
  }

  private static Map<String, Object> json(LearningStore.Row row) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", row.thing().kind().name().toLowerCase(Locale.ROOT));
    json.put("name", row.thing().name());
    json.put("digest", row.thing().digest());
    json.put("signed", row.thing().signed());
    json.put("first_ms", row.seen().first().toEpochMilli());
    json.put("nodes", row.seen().nodes());
    return json;
  }

  private static String id(Watched node) {
    return node.enrolled().id().value();
  }

  private static Response reasonMissing() {
    return Response.error(400, "'why' is missing: the reason, for the audit log");
  }

  private static Response missing(String name) {
    return Response.error(404, "there is no learning " + name);
  }
}
