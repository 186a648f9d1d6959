# frozen_string_literal: true

# As examples/overhead.rs, through Ruby, with a store in Ruby.
require 'postseal_ruby'

P = Postseal

class Store
  def initialize = @kept = {}
  def find(query) = query.addresses.map { |address| @kept[P.address_key(address)] || P::Entry.new(address: address) }
  def entries(_) = @kept.values

  def put(query)
    key = P.address_key(query.address)
    @kept[key] = query.change.apply(@kept[key] || P::Entry.new(address: query.address))
    P::PutOutcome::STORED.new
  end
end

def median
  50.times { yield }
  times = Array.new(300) do
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond) - start
  end
  times.sort[150]
end

folder = ARGV.fetch(0)
signed, plain = %w[large.eml large-plain.eml].map { |name| File.binread(File.join(folder, name)) }
engine = P::Engine.from_configuration("trust = [\"anchors.pem\"]\nimport = true", folder).with_store(Store.new)
raise unless engine.import_mail(signed, P::ImportContext.new).outcome == P::ImportOutcome::IMPORTED

import = median { engine.import_mail(signed, P::ImportContext.new) }
encrypt = median { engine.encrypt(plain, ['alice@goal.example'], [], P::EncryptContext.new) }
puts "#{import} #{encrypt}"
