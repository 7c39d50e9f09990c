package io.limestone.keylime;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every recorded message is read, and written back with the same meaning. */
class RecordedTrafficTest {

  static Stream<Recorded.Exchange> requests() {
    return Recorded.EXCHANGES.stream().filter(e -> e.sent().isPresent());
  }

  static Stream<Recorded.Exchange> answers() {
    return Recorded.EXCHANGES.stream().filter(e -> e.answered().isPresent());
  }

  @ParameterizedTest
  @MethodSource("requests")
  void everyRequestIsReadAndWrittenBack(Recorded.Exchange exchange) {
    JsonObject sent = exchange.sent().orElseThrow();
    assertSameMeaning(rewriteRequest(exchange, sent), portsAsNumbers(sent));
  }

  @ParameterizedTest
  @MethodSource("answers")
  void everyAnswerIsReadAndWrittenBack(Recorded.Exchange exchange) {
    JsonObject answer = exchange.answered().orElseThrow();
    Envelope envelope = Envelope.parse(Json.bytes(answer));
    assertSameMeaning(envelope.toJson(), answer);

    JsonObject results = envelope.results().orElse(new JsonObject(Map.of()));
    if (!results.members().isEmpty()) {
      assertSameMeaning(rewriteResults(exchange, results), withoutV(results));
    }
  }

  @Test
  void theWebhookMessageIsReadAndWrittenBack() {
    JsonObject hook = (JsonObject) Recorded.RUN.list("webhook_notifications").getFirst();
    SignedNotice notice = SignedNotice.fromJson(hook.object("json"));
    assertSameMeaning(notice.toJson(), hook.object("json"));

    RevocationNotice revocation = RevocationNotice.parse(notice.msg());
    assertSameMeaning(Json.object(revocation.message()), Json.object(notice.msg()));
    assertThat(revocation.agentId()).isEqualTo(Recorded.NODE);
    assertThat(revocation.event().orElseThrow().id())
        .isEqualTo("ima.validation.ima-ng.not_in_allowlist");
  }

  @Test
  void theQueriesOfTheVerifierAreReadAndWrittenBack() {
    List<String> queries =
        Recorded.EXCHANGES.stream()
            .map(Recorded.Exchange::target)
            .filter(target -> target.contains("/quotes/integrity?"))
            .map(target -> target.substring(target.indexOf('?') + 1))
            .toList();
    assertThat(queries)
        .hasSizeGreaterThan(5)
        .allSatisfy(
            query -> assertThat(QuoteRequest.parse(parameters(query)).query()).isEqualTo(query));
  }

  private static JsonObject rewriteRequest(Recorded.Exchange exchange, JsonObject sent) {
    String kind = exchange.method() + " " + exchange.target().replace(Recorded.NODE.value(), "ID");
    return switch (exchange.hop() + " " + kind) {
      case "agent->registrar POST /v2.6/agents/ID" -> Registration.fromJson(sent).toJson();
      case "agent->registrar PUT /v2.6/agents/ID" -> Activation.fromJson(sent).toJson();
      case "tenant->agent POST /v2.6/keys/ukey" -> KeyDelivery.U.fromJson(sent).toJson();
      case "verifier->agent POST /v2.6/keys/vkey" -> KeyDelivery.V.fromJson(sent).toJson();
      case "verifier->agent POST /v2.6/notifications/revocation" ->
          SignedNotice.fromJson(sent).toJson();
      case "tenant->verifier POST /v2.6/agents/ID" -> Enrolment.fromJson(sent).toJson();
      case "tenant->verifier POST /v2.6/allowlists/p2" ->
          RuntimePolicyUpload.fromJson(sent).toJson();
      default -> throw new AssertionError("no reader for " + exchange);
    };
  }

  private static JsonObject rewriteResults(Recorded.Exchange exchange, JsonObject results) {
    String path = exchange.target().replace(Recorded.NODE.value(), "ID").replaceAll("\\?.*", "");
    String peer = exchange.hop().substring(exchange.hop().indexOf("->") + 2);
    return switch (peer + " " + exchange.method() + " " + path) {
      case "registrar GET /version", "verifier GET /version" -> {
        Versions versions = Versions.fromServerJson(results);
        assertThat(ApiVersion.highestCommon(ApiVersion.AGENT, versions.supported()))
            .contains(ApiVersion.CURRENT);
        yield versions.toServerJson();
      }
      case "agent GET /version" -> Versions.fromAgentJson(results).toAgentJson();
      case "registrar POST /v2.6/agents/ID" -> {
        io.limestone.tpm.CredentialBlob.parse(
            io.limestone.wire.Bytes.ofBase64(results.string("blob")));
        yield results;
      }
      case "registrar GET /v2.6/agents/ID" -> RegisteredAgent.fromJson(results).toJson();
      case "registrar GET /v2.6/agents/" -> AgentIds.fromJson(results).toRegistrarJson();
      case "verifier GET /v2.6/agents/ID" -> AgentStatus.fromJson(results).toJson();
      case "verifier GET /v2.6/agents/" -> AgentIds.fromJson(results).toVerifierJson();
      case "agent GET /v2.6/quotes/identity", "agent GET /v2.6/quotes/integrity" ->
          QuoteReply.fromJson(results).toJson();
      case "agent GET /v2.6/keys/verify" -> results; // its one member is checked as a proof
      default -> throw new AssertionError("no reader for the answer to " + exchange);
    };
  }

  /** Numbers of different Java types mean the same: compare as text would be read again. */
  private static void assertSameMeaning(JsonObject written, JsonObject recorded) {
    assertThat(Json.object(Json.bytes(written)).members()).isEqualTo(recorded.members());
  }

  /** The tenant sends ports as digits; we write numbers. */
  private static JsonObject portsAsNumbers(JsonObject json) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>(json.members());
    members.replaceAll(
        (name, value) ->
            name.endsWith("_port") && value instanceof String text
                ? (Object) Long.valueOf(text)
                : value);
    return new JsonObject(members);
  }

  /** We never show V. */
  private static JsonObject withoutV(JsonObject json) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>(json.members());
    members.computeIfPresent("v", (name, value) -> null);
    if (json.has("v")) {
      members.put("v", null);
    }
    return new JsonObject(members);
  }

  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String pair : query.split("&", -1)) {
      parameters.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    return parameters;
  }
}
