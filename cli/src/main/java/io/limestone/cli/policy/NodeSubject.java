package io.limestone.cli.policy;

import io.limestone.appraisal.Failure;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.policy.PolicyCommands.Kind;
import io.limestone.cli.rest.Answer;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.NodeId;
import io.limestone.policy.Fix;
import io.limestone.server.nodes.NodeStateJson;
import io.limestone.server.nodes.PolicyUse;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A node, as the verifier knows it: what it fails on now, and its last evidence, which the verifier
 * judges by drafts without asking the node.
 *
 * @param draft replaces a policy of the node's: its failures are then what the draft would refuse
 */
record NodeSubject(Verifier verifier, NodeId id, JsonObject told, Policies policies, boolean draft)
    implements Subject {

  static NodeSubject of(Verifier verifier, NodeId id) throws IOException, InterruptedException {
    JsonObject told =
        verifier
            .failing(id)
            .orElseThrow(
                () ->
                    CommandFailed.because(
                        "there is no file "
                            + id
                            + ", and the verifier knows no node of this id (or is not Limestone's)"));
    return new NodeSubject(
        verifier,
        id,
        told,
        new Policies(
            policy(verifier, Kind.RUNTIME, told.optionalObject("runtime_policy")),
            policy(verifier, Kind.BOOT, told.optionalObject("mb_policy"))),
        false);
  }

  NodeSubject with(PolicyFile policy) {
    return new NodeSubject(verifier, id, told, policies.with(policy), true);
  }

  /** The version that decides for this node: that under audit, if it is a canary. */
  private static Optional<PolicyFile> policy(
      Verifier verifier, Kind kind, Optional<JsonObject> used)
      throws IOException, InterruptedException {
    if (used.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        PolicySource.stored(
            verifier, kind, used.get().string("name"), used.get().optionalInteger("version")));
  }

  @Override
  public String words() {
    return id + ", " + Encoding.printable(told.string("health"), 40);
  }

  @Override
  public String proven() {
    List<PolicyUse> by = PolicyUse.listed(told, "judged_by");
    return draft
        ? "judged by the verifier: the last evidence of the node whose quote was good"
        : "judged by the verifier" + (by.isEmpty() ? "" : ", by " + PolicyUse.words(by));
  }

  @Override
  public List<Failure> failures() throws IOException, InterruptedException {
    if (draft) {
      return failures(policies)
          .orElseThrow(
              () -> CommandFailed.because("the verifier keeps no evidence of " + id + " yet"));
    }
    return told.list("failures").stream()
        .filter(JsonObject.class::isInstance)
        .map(item -> NodeStateJson.failure((JsonObject) item))
        .toList();
  }

  /**
   * A draft of one kind is tried at a time, while the node's own policy of the other kind goes on
   * failing; what a patch of that kind would mend is therefore left out.
   */
  @Override
  public Optional<List<Failure>> failures(Policies others)
      throws IOException, InterruptedException {
    List<Failure> left = new ArrayList<>();
    boolean tried = false;
    for (Kind kind : Kind.values()) {
      Optional<PolicyFile> file = kind == Kind.RUNTIME ? others.runtime() : others.boot();
      if (file.isPresent()) {
        Optional<List<Failure>> found = tried(kind, file.get());
        if (found.isEmpty()) {
          return Optional.empty();
        }
        tried = true;
        boolean both = others.runtime().isPresent() && others.boot().isPresent();
        for (Failure failure : found.get()) {
          if (!left.contains(failure) && !(both && isOf(otherThan(kind), failure))) {
            left.add(failure);
          }
        }
      }
    }
    return tried ? Optional.of(left) : Optional.empty();
  }

  private static Kind otherThan(Kind kind) {
    return kind == Kind.RUNTIME ? Kind.BOOT : Kind.RUNTIME;
  }

  private static boolean isOf(Kind kind, Failure failure) {
    return switch (Fix.of(failure.context())) {
      case Fix.None none -> false;
      case Fix.Listed listed -> kind == Kind.RUNTIME;
      case Fix.Changed changed -> kind == Kind.BOOT;
    };
  }

  private Optional<List<Failure>> tried(Kind kind, PolicyFile draft)
      throws IOException, InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("kind", kind.word());
    body.putAll(kind.upload(draft.json(), Optional.empty()));
    body.put("nodes", List.of(id.value()));
    body.put("same_leave", true); // or what the node is trusted in spite of would seem left
    Answer answer = verifier.tryPolicy(body);
    if (answer.status() == 401) { // it takes signed policies only, and a draft is not signed
      return Optional.empty();
    }
    JsonObject page = answer.expectSuccess("trying the change");
    if (page.integer("no_evidence") > 0) {
      return Optional.empty();
    }
    return Optional.of(
        page.list("causes").stream()
            .filter(JsonObject.class::isInstance)
            .map(item -> NodeStateJson.failure(((JsonObject) item).object("failure")))
            .toList());
  }
}
