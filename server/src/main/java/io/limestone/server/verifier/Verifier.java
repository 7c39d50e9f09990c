package io.limestone.server.verifier;

import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.server.Part;
import io.limestone.server.Shared;
import io.limestone.server.http.Route;
import io.limestone.server.nodes.LifeCycle;
import io.limestone.server.nodes.Rhythm;
import io.limestone.server.registrar.Registrations;
import io.limestone.server.revocation.Carrier;
import io.limestone.server.revocation.Channel;
import io.limestone.server.revocation.Courier;
import io.limestone.server.revocation.Outbox;
import io.limestone.server.revocation.Webhook;
import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Settings;
import io.limestone.server.settings.VerifierSettings;
import io.limestone.wire.MalformedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The verifier as a part of the server: puts its own parts together, and ends them in order. */
public final class Verifier implements Part {
  private static final Logger LOG = LoggerFactory.getLogger(Verifier.class);
  private static final Duration FLUSH = Duration.ofSeconds(1);

  /** A list that grows all the time is written once in a while. */
  private static final Duration FLUSH_EVIDENCE = Duration.ofSeconds(10);

  private static final Duration LONGEST_SPREAD = Duration.ofSeconds(10);

  private final Rhythm rhythm;
  private final Fleet fleet;
  private final AgentClient client;
  private final Appraisers appraisers = new Appraisers();
  private final KeptEvidence evidence;
  private final Learnings learnings;
  private final Courier courier;
  private final Counters counters = new Counters();
  private final StatusView view;
  private final List<Webhook> webhooks = new ArrayList<>();
  private final List<Route> routes = new ArrayList<>();
  private final ScheduledExecutorService flusher =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("flusher").factory());

  /** Beside a registrar of the same server: an enrolment must match what is registered there. */
  public static Verifier beside(Registrations registrations, Shared shared) {
    return new Verifier(shared, registrations);
  }

  /** Alone: nodes are registered elsewhere. */
  public static Verifier alone(Shared shared) {
    return new Verifier(shared);
  }

  private Verifier(Shared shared, Registrations... registrations) {
    Settings settings = shared.settings();
    rhythm =
        new Rhythm(
            settings.get(VerifierSettings.QUOTE_INTERVAL),
            settings.get(VerifierSettings.RETRY_INTERVAL),
            settings.get(VerifierSettings.MAX_RETRIES),
            settings.get(VerifierSettings.EXPONENTIAL_BACKOFF),
            Optional.of(settings.get(VerifierSettings.UNREACHABLE_INTERVAL))
                .filter(Duration::isPositive));
    SeverityPolicy severities =
        SeverityPolicy.parse(
            settings.get(VerifierSettings.SEVERITY_LABELS),
            settings.get(VerifierSettings.SEVERITY_POLICY));
    Duration timeout = settings.get(VerifierSettings.REQUEST_TIMEOUT);
    String bootPolicyName = settings.get(VerifierSettings.MEASURED_BOOT_POLICY_NAME);
    ViolationPolicy violations = violations(settings);
    List<Channel> channels = channels(settings);

    NodeStore store = new NodeStore(shared.sealer());
    Policies policies = new Policies();
    References references =
        new References(
            shared.database(), policies, bootPolicyName, violations, severities, shared.clock());
    client =
        new AgentClient(
            shared.pki().clientKey(),
            settings.get(ServerSettings.NATIVE_TLS),
            rhythm.interval().multipliedBy(3));
    evidence =
        new KeptEvidence(
            shared.database(),
            shared.clock(),
            settings.get(VerifierSettings.EVIDENCE_OF_NODE),
            settings.get(VerifierSettings.EVIDENCE_KEPT) * 1024L * 1024L);
    learnings =
        new Learnings(
            shared.database(),
            shared.audit(),
            shared.clock(),
            new Recording.Bounds(
                settings.get(VerifierSettings.LEARN_THINGS),
                settings.get(VerifierSettings.LEARN_BYTES)));
    Round round =
        new Round(
            client,
            shared.database(),
            store,
            references,
            appraisers,
            evidence,
            learnings,
            shared.random(),
            timeout,
            counters);
    Outbox outbox = new Outbox();
    Map<Channel, Carrier> carriers = new EnumMap<>(Channel.class);
    courier = new Courier(shared.database(), outbox, carriers, rhythm, shared.clock());
    Alarms alarms = new Alarms(store, outbox, channels, shared.clock(), courier::wake);
    Timetable timetable = new Timetable(shared.clock(), node -> round.run(fleet(), node));
    fleet =
        new Fleet(
            shared.database(),
            store,
            policies,
            alarms,
            shared.clock(),
            hasV -> new LifeCycle(rhythm, severities, hasV),
            timetable,
            peer -> {
              client.forget(peer);
              evidence.forget(peer.id());
            });
    if (channels.contains(Channel.AGENT)) {
      carriers.put(Channel.AGENT, new AgentCarrier(client, fleet, timeout));
    }
    if (channels.contains(Channel.WEBHOOK)) {
      Webhook webhook =
          new Webhook(settings.get(VerifierSettings.WEBHOOK_URL), shared.pki(), timeout);
      carriers.put(Channel.WEBHOOK, webhook);
      webhooks.add(webhook);
    }
    view =
        new StatusView(
            settings.get(VerifierSettings.UUID),
            settings.get(VerifierSettings.IP),
            settings.get(VerifierSettings.PORT),
            rhythm,
            shared.clock());
    boolean signed = settings.get(VerifierSettings.REQUIRE_ALLOW_LIST_SIGNATURES);
    Enrolling enrolling =
        new Enrolling(
            shared.database(),
            policies,
            references,
            fleet,
            shared.audit(),
            shared.clock(),
            new Enrolling.Rules(
                settings.get(VerifierSettings.ENABLE_AGENT_MTLS),
                signed,
                settings.get(VerifierSettings.ACCEPT_FOREIGN_REGISTRATIONS)),
            registrations);
    routes.addAll(new NodeRoutes(fleet, enrolling, view, shared.audit()).routes());
    routes.addAll(
        new PolicyRoutes(
                shared.database(),
                store,
                policies,
                references,
                fleet,
                shared.audit(),
                shared.clock(),
                signed)
            .routes());
    routes.addAll(
        new RolloutRoutes(
                shared.database(),
                policies,
                references,
                fleet,
                shared.audit(),
                shared.clock(),
                signed)
            .routes());
    routes.addAll(
        new HistoryRoutes(shared.database(), policies, references, fleet, view, shared.audit())
            .routes());
    routes.addAll(
        new LearnRoutes(shared.database(), learnings, fleet, shared.audit(), shared.clock())
            .routes());
    routes.addAll(
        new TryRoutes(shared.database(), policies, references, evidence, fleet, appraisers, signed)
            .routes());
    routes.addAll(
        new VerifyRoutes(fleet, appraisers, bootPolicyName, violations, severities, shared.clock())
            .routes());
    routes.addAll(
        new ExplanationRoutes(shared.database(), store, policies, references, outbox, fleet, view)
            .routes());
  }

  private Fleet fleet() {
    return fleet;
  }

  private static ViolationPolicy violations(Settings settings) {
    boolean tomtou = settings.get(VerifierSettings.IGNORE_TOMTOU_ERRORS);
    String writers = settings.get(VerifierSettings.IGNORE_OPEN_WRITERS);
    return new ViolationPolicy(tomtou, writers.equals("same") ? tomtou : writers.equals("true"));
  }

  private static List<Channel> channels(Settings settings) {
    List<Channel> channels =
        settings.get(VerifierSettings.ENABLED_REVOCATION_NOTIFICATIONS).stream()
            .map(word -> Channel.valueOf(word.toUpperCase(Locale.ROOT)))
            .toList();
    if (channels.contains(Channel.WEBHOOK)
        && settings.get(VerifierSettings.WEBHOOK_URL).isEmpty()) {
      throw new MalformedException(
          "verifier.enabled_revocation_notifications has webhook, but verifier.webhook_url is"
              + " empty");
    }
    return channels;
  }

  @Override
  public String name() {
    return "verifier";
  }

  @Override
  public List<Route> routes() {
    return List.copyOf(routes);
  }

  @Override
  public void start() {
    Duration spread =
        rhythm.interval().compareTo(LONGEST_SPREAD) < 0 ? rhythm.interval() : LONGEST_SPREAD;
    evidence.load();
    learnings.load();
    fleet.load(spread);
    if (!fleet.all().isEmpty()) {
      LOG.info("{} nodes taken up", fleet.all().size());
    }
    courier.start();
    var unused =
        flusher.scheduleWithFixedDelay(
            fleet::flush, FLUSH.toMillis(), FLUSH.toMillis(), TimeUnit.MILLISECONDS);
    unused =
        flusher.scheduleWithFixedDelay(
            () -> {
              evidence.flush();
              learnings.flush();
            },
            FLUSH_EVIDENCE.toMillis(),
            FLUSH_EVIDENCE.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  public String metrics() {
    Map<String, Integer> byHealth = new TreeMap<>();
    for (String word : List.of("trusted", "untrusted", "unknown")) {
      byHealth.put(word, 0);
    }
    fleet.all().forEach(node -> byHealth.merge(view.health(node).word(), 1, Integer::sum));
    StringBuilder text = new StringBuilder("# TYPE limestone_nodes gauge\n");
    byHealth.forEach(
        (word, count) -> text.append("limestone_nodes{health=\"" + word + "\"} " + count + "\n"));
    return text + counters.metrics() + evidence.metrics();
  }

  @Override
  public void close() {
    courier.close();
    flusher.shutdown();
    fleet.close();
    evidence.flush();
    learnings.flush();
    webhooks.forEach(Webhook::close);
    client.close();
    appraisers.close();
  }
}
